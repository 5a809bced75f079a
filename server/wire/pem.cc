#include "server/wire/pem.h"

#include <openssl/pem.h>

namespace dnc {
namespace {

int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*context*/) { return -1; }

}  // namespace

BioPtr InMemory(const std::string& content) {
  return {BIO_new_mem_buf(content.data(), static_cast<int>(content.size())), &BIO_free};
}

CertificatePtr ReadCertificate(BIO* from) {
  return {PEM_read_bio_X509(from, nullptr, &NoPassword, nullptr), &X509_free};
}

PrivateKeyPtr ReadPrivateKey(BIO* from) {
  return {PEM_read_bio_PrivateKey(from, nullptr, &NoPassword, nullptr), &EVP_PKEY_free};
}

}  // namespace dnc
