// API keys: `dnck_KEYID_SECRET`, where KEYID is 8 characters, and SECRET 40: 170 random bits and a
// checksum of 30, so that a mistyped or cut key is told from an unknown one, and scanners find
// leaked ones. Characters: 0-9 a-z without i, l, o, u (Crockford's base 32).
//
// Only SHA-256 of the whole text is stored: with 170 random bits there is nothing to guess, so
// no slow hash is needed.
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

// From the system's random source. Ends the process if that fails.
NewApiKey GenerateApiKey();

struct MadeApiKey {
  ApiKey key;          // as it is stored, without anything that a caller could call with
  std::string secret;  // the whole text, for whoever asked for the key and for nobody else
};
// Draws a key, and gives its id and the hash of its secret to `key`.
MadeApiKey MakeApiKey(ApiKey key);

// Whether the text can be a key's id, and a hash of one.
bool IsApiKeyId(std::string_view text);
bool IsApiKeyHash(std::string_view text);

// The id of a well-formed key. UNAUTHENTICATED UNAUTHENTICATED if the prefix, the length, a
// character or the checksum is wrong; the message tells which, and nothing of the key.
absl::StatusOr<std::string> ApiKeyId(std::string_view secret);

// SHA-256 of the whole text: 32 bytes.
std::string HashApiKey(std::string_view secret);

// Compares in a time that does not depend on where they differ.
bool EqualHashes(std::string_view a, std::string_view b);

}  // namespace dnc
