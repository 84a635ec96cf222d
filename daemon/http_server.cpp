// SPDX-License-Identifier: Apache-2.0
#include "daemon/http_server.h"

#include <civetweb.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>

#include "daemon/log.h"
#include "daemon/small_stacks.h"
#include "daemon/sockets.h"

namespace kernstat {
namespace {

// A body this small travels with its head in one segment.
constexpr std::size_t kJoinedBytes = 16 << 10;

// A port alone is IPv4 for the library; "+port" is both, where it was built with IPv6.
std::string library_ports(const std::vector<ListenAddress>& addresses) {
  const bool ipv6 = ::mg_check_feature(MG_FEATURES_IPV6) != 0;
  std::string text;
  for (const ListenAddress& address : addresses) {
    if (!text.empty()) text += ',';
    if (address.host.empty()) {
      text += (ipv6 ? "+" : "") + std::to_string(address.port);
    } else {
      text += address.text();
    }
  }
  return text;
}

// The library says "cannot bind to 127.0.0.1:80: 98 (Address already in use)".
std::string why_not(const std::vector<ListenAddress>& addresses, std::string_view said) {
  constexpr std::string_view kBind = "cannot bind to ";
  std::string all;
  for (const ListenAddress& address : addresses) {
    all.append(all.empty() ? "" : ", ").append(address.text());
  }
  const auto colon = said.rfind(": ");
  const auto begin = said.rfind(" (");
  if (!said.starts_with(kBind) || !said.ends_with(')') || begin == std::string_view::npos ||
      colon == std::string_view::npos || begin < colon) {
    return "cannot listen on " + all + ": " + std::string(said);
  }
  // Of several addresses it names the one.
  const std::string one(said.substr(kBind.size(), colon - kBind.size()));
  return "cannot listen on " + (addresses.size() == 1 ? all : one) + ": " +
         std::string(said.substr(begin + 2, said.size() - begin - 3));
}

HttpServer* server_of(const mg_context* context) {
  return static_cast<HttpServer*>(::mg_get_user_data(context));
}

std::string_view header(const mg_connection* connection, const char* name) {
  const char* value = ::mg_get_header(connection, name);
  return value == nullptr ? std::string_view{} : std::string_view(value);
}

std::string head_of(const HttpResponse& response, bool close) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(status_phrase(response.status));
  head.append("\r\nContent-Type: ").append(response.content_type);
  head.append("\r\nContent-Length: ").append(std::to_string(response.body->size()));
  if (response.gzip) head += "\r\nContent-Encoding: gzip";
  if (!response.allow.empty()) head.append("\r\nAllow: ").append(response.allow);
  // A cache between must not mix up encodings and formats; the answer is old a second later.
  head += "\r\nVary: Accept, Accept-Encoding\r\nCache-Control: no-store";
  head += "\r\nX-Content-Type-Options: nosniff";
  if (response.page) {
    head +=
        "\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        "\r\nReferrer-Policy: no-referrer";
  }
  head += close ? "\r\nConnection: close\r\n\r\n" : "\r\nConnection: keep-alive\r\n\r\n";
  return head;
}

bool wants_close(const mg_connection* connection, const mg_request_info* info) {
  std::string_view version = info->http_version == nullptr ? "" : info->http_version;
  if (version != "1.1") return true;
  const std::string_view wish = header(connection, "Connection");
  return wish.find("close") != std::string_view::npos ||
         wish.find("Close") != std::string_view::npos;
}

}  // namespace

HttpServer::HttpServer(Settings settings, Routes& routes, Instruments& instruments)
    : settings_(std::move(settings)),
      routes_(routes),
      gate_(std::make_unique<ConnectionGate>(
          settings_.gate, instruments,
          ConnectionGate::Hooks{settings_.on_thread, [this] { return connections(); },
                                has_waiting_request, shut_connection})) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(Settings settings, Routes& routes,
                                                      Instruments& instruments) {
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(settings), routes, instruments));
  if (auto listening = server->listen(); !listening) return fail(listening.error());
  return server;
}

Result<void> HttpServer::supports(const ListenAddress& address) {
  if (!address.ipv6 || ::mg_check_feature(MG_FEATURES_IPV6) != 0) return {};
  return fail(ErrorKind::kAbsent,
              "cannot listen on " + address.text() + ": this build of CivetWeb has no IPv6");
}

Result<void> HttpServer::listen() {
  for (const ListenAddress& address : settings_.addresses) {
    if (auto supported = supports(address); !supported) return supported;
  }
  const std::string ports = library_ports(settings_.addresses);
  const std::string workers = std::to_string(kWorkers);
  // The gate's deadlines end a connection first; the library's are a second bolt.
  const char* options[] = {"listening_ports",
                           ports.c_str(),
                           "num_threads",
                           workers.c_str(),
                           "listen_backlog",
                           "1024",
                           "connection_queue",
                           "64",
                           "max_request_size",
                           "16384",
                           "request_timeout_ms",
                           "10000",
                           "enable_keep_alive",
                           "yes",
                           "keep_alive_timeout_ms",
                           "3000",
                           "decode_url",
                           "no",
                           "tcp_nodelay",
                           "1",
                           nullptr};
  mg_callbacks callbacks{};
  callbacks.begin_request = on_request;
  callbacks.http_error = on_error;
  callbacks.log_message = on_message;
  callbacks.init_connection = on_open;
  callbacks.connection_close = on_close;
  callbacks.init_thread = HttpServer::on_thread;
  std::array<char, 256> text{};
  mg_error_data error{nullptr, text.data(), text.size()};
  mg_init_data init{&callbacks, this, options};
  const SmallStacks small_stacks;
  ::mg_init_library(MG_FEATURES_DEFAULT);
  context_ = ::mg_start2(&init, &error);
  if (context_ == nullptr) {
    const std::string said = start_message_.empty() ? text.data() : start_message_;
    return fail(ErrorKind::kSystem, why_not(settings_.addresses, said));
  }
  started_ = true;
  std::array<mg_server_port, 32> bound{};
  const int count = ::mg_get_server_ports(context_, static_cast<int>(bound.size()), bound.data());
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const auto port = static_cast<std::uint16_t>(bound[at].port);
    ListenAddress address =
        at < settings_.addresses.size() ? settings_.addresses[at] : ListenAddress{};
    address.port = port;
    {
      const std::lock_guard lock(ports_mutex_);
      ports_.push_back(port);
    }
    bound_.push_back(address.text());
    defer_accept(port);
  }
  return {};
}

HttpServer::~HttpServer() {
  if (context_ == nullptr) return;
  gate_->cut_all();
  // The library's threads would look for the end only every two seconds.
  for (const std::uint16_t port : ports_) shut_listener(port);
  ::mg_stop(context_);
  ::mg_exit_library();
}

// For requests that are no HTTP, or come too late. The library's own answer takes its date from
// gmtime(3), whose buffer all threads share.
int HttpServer::on_error(mg_connection* connection, int status, const char* /*message*/) {
  const char* const phrase = ::mg_get_response_code_text(connection, status);
  std::array<char, 256> answer{};
  const int size = std::snprintf(
      answer.data(), answer.size(),
      "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
      "Cache-Control: no-store\r\nConnection: close\r\n\r\n%s\n",
      status, phrase, std::strlen(phrase) + 1, phrase);
  ::mg_disable_connection_keep_alive(connection);
  if (size > 0 && static_cast<std::size_t>(size) < answer.size()) {
    ::mg_write(connection, answer.data(), static_cast<std::size_t>(size));
  }
  return 0;
}

int HttpServer::on_message(const mg_connection* connection, const char* message) {
  auto* server = connection == nullptr ? nullptr : server_of(::mg_get_context(connection));
  if (server != nullptr && !server->started_) {
    // What the library says first while it starts is the reason why it does not.
    if (server->start_message_.empty()) server->start_message_ = message;
  } else {
    log_debug("http", {{"message", message}});
  }
  return 1;
}

void* HttpServer::on_thread(const mg_context* context, int /*type*/) {
  const HttpServer* server = server_of(context);
  if (server != nullptr && server->settings_.on_thread) server->settings_.on_thread();
  return nullptr;
}

int HttpServer::on_open(const mg_connection* connection, void** /*data*/) {
  server_of(::mg_get_context(connection))->gate_->opened();
  return 0;
}

void HttpServer::on_close(const mg_connection* connection) {
  server_of(::mg_get_context(connection))->gate_->closed();
}

std::vector<IncomingConnection> HttpServer::connections() const {
  std::vector<IncomingConnection> all;
  const std::lock_guard lock(ports_mutex_);
  for (const std::uint16_t port : ports_) {
    for (IncomingConnection& one : incoming_connections(port)) all.push_back(std::move(one));
  }
  return all;
}

int HttpServer::on_request(mg_connection* connection) {
  return server_of(::mg_get_context(connection))->serve(connection);
}

// Nothing may leave into the library, which is C.
int HttpServer::serve(mg_connection* connection) noexcept {
  const mg_request_info* info = ::mg_get_request_info(connection);
  const Peer peer{info->remote_addr, static_cast<std::uint16_t>(info->remote_port)};
  gate_->requested(peer);
  try {
    respond(connection);
  } catch (const std::exception& error) {
    log_error("a request ended in an exception", {{"error", error.what()}});
    ::mg_send_http_error(connection, 500, "internal error");
  } catch (...) {
    log_error("a request ended in an unknown exception");
    ::mg_send_http_error(connection, 500, "internal error");
  }
  gate_->answered(peer);
  return 1;
}

void HttpServer::respond(mg_connection* connection) {
  const mg_request_info* info = ::mg_get_request_info(connection);
  HttpRequest request;
  request.method = info->request_method;
  request.target = info->request_uri;
  // The library cuts the query off the target.
  std::string target(request.target);
  if (info->query_string != nullptr) target.append("?").append(info->query_string);
  request.target = target;
  request.accept = header(connection, "Accept");
  request.accept_encoding = header(connection, "Accept-Encoding");
  request.scrape_timeout = header(connection, "X-Prometheus-Scrape-Timeout-Seconds");
  const HttpResponse response = routes_.handle(request);
  gate_->sending({info->remote_addr, static_cast<std::uint16_t>(info->remote_port)});
  const bool close = wants_close(connection, info) || gate_->crowded();
  if (close) ::mg_disable_connection_keep_alive(connection);
  std::string head = head_of(response, close);
  const bool with_body = request.method != "HEAD";
  const bool joined = with_body && response.body->size() <= kJoinedBytes;
  if (joined) head += *response.body;
  ::mg_write(connection, head.data(), head.size());
  if (with_body && !joined) {
    ::mg_write(connection, response.body->data(), response.body->size());
  }
}

}  // namespace kernstat
