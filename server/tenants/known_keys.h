// Remembers keys that this thread has checked before, so that the hash of a key is computed once
// and not for each call. It keeps only what follows from the key's bytes. Whether a key is known
// and live, and whose it is, every call asks the directory, so a revoked key is refused at once.
//
//   if (const KnownKey* known = FindKnownKey(secret)) ... known->id, known->hash ...
#pragma once

#include <string>
#include <string_view>

namespace dnc {

struct KnownKey {
  std::string secret;
  std::string id;
  std::string hash;  // from HashApiKey
};

// Returns null if this thread does not know the key. The result is valid until this thread's next
// RememberKey. Keys are compared in a time that does not depend on where they differ; which slot is
// read depends on the id, which is public.
const KnownKey* FindKnownKey(std::string_view secret);

// Call it only for live keys, so that made-up keys push no other out. A thread keeps some hundred
// keys at most.
void RememberKey(std::string_view secret, std::string_view id, std::string_view hash);

}  // namespace dnc
