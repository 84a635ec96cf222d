// SPDX-License-Identifier: Apache-2.0
#include "daemon/events.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace kernstat {
namespace {

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Result<void> Events::block_signals() {
  const sigset_t set = handled_signals();
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("pthread_sigmask");
  if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return fail_errno("signal");
  return {};
}

Result<void> Events::open() {
  const sigset_t set = handled_signals();
  signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signals_ || !wake_) return fail_errno("signalfd");
  return {};
}

Events::Kind Events::wait(std::optional<std::chrono::milliseconds> timeout) {
  pollfd watched[2] = {{signals_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  ::poll(watched, 2, timeout ? static_cast<int>(timeout->count()) : -1);
  signalfd_siginfo signal{};
  if (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo != SIGHUP) return Kind::kStop;
    const std::lock_guard lock(mutex_);
    begun_ = asked_;
    return Kind::kReload;
  }
  std::uint64_t requests = 0;
  if (::read(wake_.get(), &requests, sizeof requests) == sizeof requests) {
    const std::lock_guard lock(mutex_);
    if (asked_ == done_) return Kind::kTimeout;  // a signal's reload has answered them
    begun_ = asked_;
    return Kind::kReload;
  }
  return Kind::kTimeout;
}

void Events::answer(const Result<void>& outcome) {
  const std::lock_guard lock(mutex_);
  done_ = begun_;
  outcome_ = outcome;
  answered_.notify_all();
}

Result<void> Events::request_reload() {
  constexpr std::chrono::seconds kPatience(10);
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = ++asked_;
  const std::uint64_t one = 1;
  if (::write(wake_.get(), &one, sizeof one) != sizeof one) return fail_errno("eventfd");
  const auto end = std::chrono::steady_clock::now() + kPatience;
  if (!answered_.wait_until(lock, end, [&] { return done_ >= ticket; })) {
    return fail(ErrorKind::kSystem, "the daemon is busy: no answer in time");
  }
  return outcome_;
}

}  // namespace kernstat
