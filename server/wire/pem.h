// Certificates and keys in PEM form, as OpenSSL reads them.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace dnc {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Reads from `content`, which must outlive it.
BioPtr InMemory(const std::string& content);
// The next certificate; null if there is none.
CertificatePtr ReadCertificate(BIO* from);
// The private key; null if there is none, or if it needs a password: none is asked for at a
// terminal.
PrivateKeyPtr ReadPrivateKey(BIO* from);

}  // namespace dnc
