#include "server/tenants/api_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "server/base/check.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr std::string_view kPrefix = "dnck_";
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr int kSymbolBits = 5;
constexpr size_t kIdSymbols = 8;
constexpr size_t kRandomSymbols = 34;   // 170 bits of the secret
constexpr size_t kChecksumSymbols = 6;  // 30 bits
constexpr size_t kHashBytes = 32;
constexpr size_t kSecretAt = kPrefix.size() + kIdSymbols + 1;
constexpr size_t kChecksumAt = kSecretAt + kRandomSymbols;
constexpr size_t kKeyBytes = kChecksumAt + kChecksumSymbols;

// This is the CRC-30 of CDMA. A cyclic code of 30 bits detects every change within 30 consecutive
// bits, so it certainly detects any single wrong character and any two neighbors that are wrong or
// swapped.
constexpr uint32_t kPolynomial = 0x2030B9C7;
constexpr uint32_t kMask = (1U << 30) - 1;

constexpr std::array<int8_t, 256> MakeValues() {
  std::array<int8_t, 256> values{};
  for (int8_t& value : values) value = -1;
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<int8_t>(i);
  }
  return values;
}
constexpr std::array<int8_t, 256> kValues = MakeValues();

int ValueOf(char c) { return kValues[static_cast<uint8_t>(c)]; }

uint32_t AddSymbol(uint32_t crc, int symbol) {
  for (int bit = kSymbolBits - 1; bit >= 0; --bit) {
    const uint32_t in = static_cast<uint32_t>(symbol) >> bit & 1U;
    const uint32_t out = crc >> 29 & 1U;
    crc = crc << 1 & kMask;
    if (in != out) crc ^= kPolynomial;
  }
  return crc;
}

// Returns the checksum of the id and the random characters. `text` is a whole key whose characters
// were checked.
std::string Checksum(std::string_view text) {
  uint32_t crc = kMask;
  for (size_t i = kPrefix.size(); i < kChecksumAt; ++i) {
    if (i != kSecretAt - 1) crc = AddSymbol(crc, ValueOf(text[i]));
  }
  std::string sum;
  for (size_t i = 0; i < kChecksumSymbols; ++i) {
    sum.push_back(kAlphabet[crc >> kSymbolBits * (kChecksumSymbols - 1 - i) & 31U]);
  }
  return sum;
}

absl::Status Malformed(std::string_view what) {
  return Error(reason::kUnauthenticated,
               StrCat("the key ", what,
                      "; send a whole key, as it was shown when it was made, as "
                      "`authorization: Bearer dnck_...`"));
}

}  // namespace

NewApiKey GenerateApiKey() {
  std::array<unsigned char, kIdSymbols + kRandomSymbols> random{};
  DNC_CHECK(RAND_bytes(random.data(), static_cast<int>(random.size())) == 1,
            "the system gives random bytes");
  NewApiKey key;
  key.secret = kPrefix;
  for (size_t i = 0; i < random.size(); ++i) {
    if (i == kIdSymbols) key.secret.push_back('_');
    key.secret.push_back(kAlphabet[random[i] & 31U]);
  }
  OPENSSL_cleanse(random.data(), random.size());
  key.id = key.secret.substr(kPrefix.size(), kIdSymbols);
  key.secret += Checksum(key.secret);
  return key;
}

MadeApiKey MakeApiKey(ApiKey key) {
  NewApiKey drawn = GenerateApiKey();
  key.id = std::move(drawn.id);
  key.hash = HashApiKey(drawn.secret);
  return {std::move(key), std::move(drawn.secret)};
}

bool IsApiKeyId(std::string_view text) {
  return text.size() == kIdSymbols &&
         std::all_of(text.begin(), text.end(), [](char c) { return ValueOf(c) >= 0; });
}

bool IsApiKeyHash(std::string_view text) { return text.size() == kHashBytes; }

absl::StatusOr<std::string> ApiKeyId(std::string_view secret) {
  if (secret.substr(0, kPrefix.size()) != kPrefix) return Malformed("does not begin with `dnck_`");
  if (secret.size() != kKeyBytes) {
    return Malformed(secret.size() < kKeyBytes ? "is too short" : "is too long");
  }
  for (size_t i = kPrefix.size(); i < kKeyBytes; ++i) {
    const bool right = i == kSecretAt - 1 ? secret[i] == '_' : ValueOf(secret[i]) >= 0;
    if (!right) return Malformed("has a character that no key has");
  }
  if (Checksum(secret) != secret.substr(kChecksumAt)) {
    return Malformed("is mistyped or cut (its checksum is wrong)");
  }
  return std::string(secret.substr(kPrefix.size(), kIdSymbols));
}

std::string HashApiKey(std::string_view secret) {
  // This is fetched once, because each fetch takes a lock in the library.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  DNC_CHECK(algorithm != nullptr, "the library has SHA-256");
  std::string hash(kHashBytes, '\0');
  unsigned int size = 0;
  DNC_CHECK(EVP_Digest(secret.data(), secret.size(), reinterpret_cast<unsigned char*>(hash.data()),
                       &size, algorithm, nullptr) == 1 &&
                size == kHashBytes,
            "SHA-256 can be computed");
  return hash;
}

bool EqualHashes(std::string_view a, std::string_view b) {
  return a.size() == kHashBytes && b.size() == kHashBytes &&
         CRYPTO_memcmp(a.data(), b.data(), kHashBytes) == 0;
}

}  // namespace dnc
