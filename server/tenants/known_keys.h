// Keys that this thread has checked before, so that the hash of a key is computed once and not for
// each call. Only what follows from the bytes of the key is kept. Whether it is known and live, and
// whose it is, the directory is asked at every call, so that a revoked key is refused at once.
//
//   if (const KnownKey* known = FindKnownKey(secret)) ... known->id, known->hash ...
#pragma once

#include <string>
#include <string_view>

namespace dnc {

struct KnownKey {
  std::string secret;
  std::string id;
  std::string hash;  // as HashApiKey
};

// Null if this thread does not know the key. Valid until the next RememberKey of this thread.
// Keys are compared in a time that does not depend on where they differ; which place is looked at
// depends on the id, which is public.
const KnownKey* FindKnownKey(std::string_view secret);

// To be called for live keys only, so that made-up ones push no other out. A thread keeps some
// hundred keys at most.
void RememberKey(std::string_view secret, std::string_view id, std::string_view hash);

}  // namespace dnc
