# SPDX-License-Identifier: Apache-2.0
# The libraries, all of them Debian packages (scripts/packages lists them).
find_package(PkgConfig REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(tl-expected REQUIRED)
find_package(spdlog REQUIRED)
find_package(civetweb REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf)
pkg_check_modules(LIBMNL REQUIRED IMPORTED_TARGET libmnl)

add_library(kernstat_packages INTERFACE)
target_link_libraries(kernstat_packages INTERFACE yaml-cpp PkgConfig::RE2 tl::expected
  PkgConfig::LIBBPF PkgConfig::LIBMNL ZLIB::ZLIB Threads::Threads)
# Only the daemon logs and serves.
add_library(kernstat_daemon_packages INTERFACE)
target_link_libraries(kernstat_daemon_packages INTERFACE spdlog::spdlog civetweb::civetweb
  prometheus-cpp::core)
