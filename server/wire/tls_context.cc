#include "server/wire/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>
#include <utility>

#include "server/base/error.h"
#include "server/wire/pem.h"

namespace dnc {
namespace {

absl::Status Unusable(std::string_view what) {
  ERR_clear_error();  // OpenSSL keeps its errors for the thread's next call
  return Error(reason::kInvalidRequest, what);
}

// As ALPN writes them, in the order of preference.
constexpr std::string_view kHttp2("\x02h2", 3);
constexpr std::string_view kHttp1("\x08http/1.1\x08http/1.0", 18);

// Chooses what the connection speaks of what the client offers.
int ChooseProtocol(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* offered, unsigned int offered_size, void* /*context*/) {
  const std::string_view& ours = SSL_get_app_data(ssl) == nullptr ? kHttp2 : kHttp1;
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned int>(ours.size()), offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Takes the certificate and those that follow it.
bool AddChain(SSL_CTX* context, const std::string& pem) {
  const BioPtr bio = InMemory(pem);
  const CertificatePtr first = ReadCertificate(bio.get());
  if (first == nullptr || SSL_CTX_use_certificate(context, first.get()) != 1) return false;
  while (true) {
    CertificatePtr next = ReadCertificate(bio.get());
    if (next == nullptr) break;
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return false;
    next.release();  // belongs to the context now
  }
  ERR_clear_error();  // the end of the file is one
  return true;
}

}  // namespace

void FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

absl::Status TlsContext::Use(const std::string& certificate, const std::string& key) {
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (context == nullptr) return Unusable("OpenSSL has no memory for a TLS context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections keep no buffers.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_alpn_select_cb(context.get(), &ChooseProtocol, nullptr);
  if (!AddChain(context.get(), certificate)) {
    return Unusable("the certificate can't be used; it must be in PEM form, its chain after it");
  }
  const PrivateKeyPtr private_key = ReadPrivateKey(InMemory(key).get());
  if (private_key == nullptr || SSL_CTX_use_PrivateKey(context.get(), private_key.get()) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return Unusable("the private key is not the certificate's, or not in PEM form");
  }
  const absl::MutexLock lock(&mutex_);
  context_ = context;
  return absl::OkStatus();
}

SslPtr TlsContext::NewConnection(InTls protocol) const {
  std::shared_ptr<SSL_CTX> context;
  {
    const absl::MutexLock lock(&mutex_);
    context = context_;
  }
  if (context == nullptr) return nullptr;
  SslPtr ssl(SSL_new(context.get()));
  if (ssl == nullptr) return nullptr;
  SSL_set_accept_state(ssl.get());
  // Any pointer says that it is not HTTP/2.
  if (protocol == InTls::kHttp1) SSL_set_app_data(ssl.get(), context.get());
  return ssl;
}

}  // namespace dnc
