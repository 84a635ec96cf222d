// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 by CivetWeb, bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "collectors/support/result.h"
#include "config/listen_address.h"
#include "daemon/connection_gate.h"
#include "daemon/instruments.h"
#include "daemon/routes.h"
#include "daemon/sockets.h"

struct mg_connection;
struct mg_context;

namespace kernstat {

/// Serves Routes until it is destroyed. Each connection holds one of kWorkers threads, which a
/// ConnectionGate keeps free.
class HttpServer {
 public:
  static constexpr int kWorkers = 40;

  struct Settings {
    std::vector<ListenAddress> addresses;
    std::function<void()> on_thread;  ///< called first on each thread of the server: privileges
    ConnectionGate::Limits gate;
  };

  /// Fails for an address of a kind that the library was built without. Any thread.
  static Result<void> supports(const ListenAddress& address);
  /// Listens and begins to serve. Fails in a sentence that names the address and the cause.
  static Result<std::unique_ptr<HttpServer>> start(Settings settings, Routes& routes,
                                                   Instruments& instruments);
  /// Ends all connections and threads.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  HttpServer(HttpServer&&) = delete;
  HttpServer& operator=(HttpServer&&) = delete;

  /// The addresses that it listens on, with the port that the system chose where 0 was asked for.
  const std::vector<std::string>& addresses() const { return bound_; }

 private:
  HttpServer(Settings settings, Routes& routes, Instruments& instruments);
  Result<void> listen();
  int serve(mg_connection* connection) noexcept;
  void respond(mg_connection* connection);
  std::vector<IncomingConnection> connections() const;

  // The library's callbacks.
  static int on_request(mg_connection* connection);
  static int on_error(mg_connection* connection, int status, const char* message);
  static int on_message(const mg_connection* connection, const char* message);
  static int on_open(const mg_connection* connection, void** data);
  static void on_close(const mg_connection* connection);
  static void* on_thread(const mg_context* context, int type);

  Settings settings_;
  Routes& routes_;
  std::unique_ptr<ConnectionGate> gate_;
  std::string start_message_;
  bool started_ = false;
  mg_context* context_ = nullptr;
  mutable std::mutex ports_mutex_;
  std::vector<std::uint16_t> ports_;
  std::vector<std::string> bound_;
};

}  // namespace kernstat
