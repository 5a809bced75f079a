// API keys: `dnck_KEYID_SECRET`. KEYID has 8 characters. SECRET has 40: 170 random bits and a
// checksum of 30 bits, which tells a mistyped or cut key from an unknown one, and lets scanners
// find leaked keys. The characters are 0-9 and a-z without i, l, o, u (Crockford's base 32).
//
// Only the SHA-256 of the whole text is stored. 170 random bits cannot be guessed, so no slow hash
// is needed.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/tenants/tenant.h"

namespace dnc {

struct NewApiKey {
  std::string id;
  std::string secret;  // the whole text
};

// Makes a key from the system's random source. Ends the process if that fails.
NewApiKey GenerateApiKey();

struct MadeApiKey {
  ApiKey key;          // as it is stored; nothing in it lets anybody call
  std::string secret;  // the whole text, for the caller who asked for the key and for nobody else
};
// Draws a key, and puts its id and the hash of its secret into `key`.
MadeApiKey MakeApiKey(ApiKey key);

// Return whether a text can be a key's id, or the hash of a key.
bool IsApiKeyId(std::string_view text);
bool IsApiKeyHash(std::string_view text);

// Returns the id of a well-formed key. Fails with UNAUTHENTICATED UNAUTHENTICATED if the prefix,
// the length, a character or the checksum is wrong. The message says which, and shows nothing of
// the key.
absl::StatusOr<std::string> ApiKeyId(std::string_view secret);

// Returns the SHA-256 of the whole text, 32 bytes.
std::string HashApiKey(std::string_view secret);

// Compares in a time that does not depend on where the hashes differ.
bool EqualHashes(std::string_view a, std::string_view b);

}  // namespace dnc
