// SPDX-License-Identifier: Apache-2.0
#include "daemon/app.h"

#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "collectors/support/text.h"
#include "daemon/collector_log.h"
#include "daemon/events.h"
#include "daemon/load.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "daemon/run_record.h"
#include "daemon/runner.h"
#include "daemon/serving.h"
#include "daemon/start_checks.h"
#include "daemon/version.h"

namespace kernstat {
namespace {

constexpr int kCouldNotStart = 1;

// How long the end may take before it is forced: a stuck thread is never waited for.
constexpr std::chrono::milliseconds kEndPatience{400};
constexpr std::chrono::milliseconds kEndForced{800};

// How long the start waits for all first reads before it says that it is ready all the same.
constexpr std::chrono::milliseconds kReadyPatience{5000};
constexpr std::chrono::milliseconds kReadyPause{5};

class App {
 public:
  App(Loader& loader, LoadedConfig loaded)
      : loader_(loader),
        line_(loader.line()),
        loaded_(std::move(loaded)),
        record_(RunRecord::begin()),
        lockdown_(loaded_.config.bpf.lockdown),
        runner_(settings()) {}

  int run();

 private:
  Runner::Settings settings();
  Result<void> start();
  Result<void> serve();
  void decide_bpf();
  void say_ready();
  void feed_watchdog();
  std::optional<std::chrono::milliseconds> next_wake() const;
  void loop();
  Result<void> reload();
  void take(LoadedConfig loaded);
  int end();
  void drop_for_lane(Lane lane) const;
  void after_bpf_start() const;

  Loader& loader_;
  const CommandLine& line_;
  LoadedConfig loaded_;
  RunRecord record_;
  const bool lockdown_;  // asked on the BPF lane, while loaded_ may change
  Notifier notifier_ = Notifier::from_environment();
  Events events_;
  bool bpf_may_run_ = false;
  bool ready_said_ = false;
  bool was_healthy_ = true;
  std::int64_t started_ns_ = monotonic_now_ns();
  Runner runner_;
  std::unique_ptr<Serving> serving_;  // last: it asks the runner
};

Runner::Settings App::settings() {
  Runner::Settings settings;
  settings.host = line_.host;
  settings.phase = Grid::phase_of(machine_id(line_.host));
  settings.log = log_state;
  settings.on_thread = [this](Lane lane) { drop_for_lane(lane); };
  settings.after_first_bpf_pass = [this] { after_bpf_start(); };
  return settings;
}

void App::drop_for_lane(Lane lane) const {
  const Capabilities keep =
      lane == Lane::kBpf && bpf_may_run_ ? bpf_capabilities() | bpf_start_capabilities() : 0;
  if (const auto kept = keep_capabilities(keep); !kept) {
    log_warn("privileges stay", {{"error", kept.error().message}});
  }
}

void App::after_bpf_start() const {
  const Capabilities keep = lockdown_ ? 0 : bpf_capabilities();
  if (const auto kept = keep_capabilities(keep); !kept) {
    log_warn("privileges stay", {{"error", kept.error().message}});
  }
}

void App::decide_bpf() {
  const std::string reason = bpf_off_reason(loaded_.config.bpf, line_.host, record_);
  bpf_may_run_ = reason.empty();
  runner_.self().set_bpf_off(reason);
  if (bpf_may_run_) {
    if (loaded_.tools.empty()) log_warn("no BPF tools", {{"dir", loaded_.config.bpf.searched()}});
    for (const Problem& problem : loader_.tool_problems().list()) {
      log_warn("BPF tools left out", {{"path", problem.file}, {"error", problem.text}});
    }
    return;
  }
  loaded_.config.bpf.enabled = false;
  if (reason == "restarts") {
    log_error("BPF is off: the daemon ended badly twice within ten minutes", {{"reason", reason}});
  } else {
    log_info("BPF is off", {{"reason", reason}});
  }
}

Result<void> App::start() {
  if (auto opened = events_.open(); !opened) return opened;
  for (const std::string& warning : namespace_warnings(line_.host)) log_warn(warning);
  decide_bpf();
  // Threads made from here on but the BPF lane's own need no privilege.
  runner_.start_lanes();
  if (auto kept = keep_capabilities(0); !kept) {
    log_warn("privileges stay", {{"error", kept.error().message}});
  }
  // A port that is taken ends the start before any collector begins.
  if (auto serving = serve(); !serving) return serving;
  runner_.apply(loaded_);
  return {};
}

Result<void> App::serve() {
  Serving::Hooks hooks;
  hooks.reload = [this] { return events_.request_reload(); };
  hooks.on_thread = [] {
    if (const auto kept = keep_capabilities(0); !kept) {
      log_warn("privileges stay", {{"error", kept.error().message}});
    }
  };
  auto serving = Serving::start(runner_, loaded_.config, std::move(hooks));
  if (!serving) return fail(serving.error());
  serving_ = std::move(*serving);
  return {};
}

void App::say_ready() {
  const bool patient =
      monotonic_now_ns() - started_ns_ < std::chrono::nanoseconds(kReadyPatience).count();
  if (ready_said_ || (patient && !runner_.ready())) return;
  ready_said_ = true;
  log_summary(runner_.status());
  static_cast<void>(notifier_.ready("serving"));
}

std::optional<std::chrono::milliseconds> App::next_wake() const {
  if (!ready_said_) return kReadyPause;
  // Twice as often as the service manager asks.
  const auto half =
      std::chrono::duration_cast<std::chrono::milliseconds>(notifier_.watchdog_interval() / 2);
  if (half.count() > 0) return half;
  return std::nullopt;
}

// Only while the lanes come round.
void App::feed_watchdog() {
  if (notifier_.watchdog_interval().count() == 0) return;
  const bool healthy = runner_.healthy();
  if (was_healthy_ && !healthy) log_error("the collectors do not come round: no watchdog message");
  was_healthy_ = healthy;
  if (!healthy) return;
  if (const auto sent = notifier_.watchdog(); !sent) {
    log_warn("the watchdog cannot be reached", {{"error", sent.error().message}});
  }
}

void App::loop() {
  for (;;) {
    say_ready();
    switch (events_.wait(next_wake())) {
      case Events::Kind::kStop:
        return;
      case Events::Kind::kReload:
        events_.answer(reload());
        break;
      case Events::Kind::kTimeout:
        break;
    }
    if (ready_said_) feed_watchdog();
  }
}

Result<void> App::reload() {
  static_cast<void>(notifier_.reloading());
  auto loaded = loader_.load();
  Result<void> outcome;
  if (loaded) {
    take(std::move(*loaded));
  } else {
    std::string_view text = loaded.error().text;
    outcome = fail(ErrorKind::kInvalid, std::string(text));
    while (!text.empty()) {
      log_error("configuration refused, the old one stays", {{"problem", next_line(text)}});
    }
  }
  runner_.self().reloaded(outcome.has_value());
  static_cast<void>(notifier_.ready("serving"));
  return outcome;
}

void App::take(LoadedConfig loaded) {
  const Config& old = loaded_.config;
  const auto keep = [](auto& now, const auto& before, std::string_view key) {
    if (now == before) return;
    log_warn("a change of this key needs a restart", {{"key", key}});
    now = before;
  };
  if (bpf_may_run_) {
    runner_.self().set_bpf_off(loaded.config.bpf.enabled ? "" : "config");
  } else if (loaded.config.bpf.enabled) {
    log_warn("BPF stays off until a restart");
    loaded.config.bpf.enabled = false;
  }
  keep(loaded.config.web.listen_addresses, old.web.listen_addresses, "web.listen_addresses");
  keep(loaded.config.web.telemetry_path, old.web.telemetry_path, "web.telemetry_path");
  keep(loaded.config.bpf.dir, old.bpf.dir, "bpf.dir");
  keep(loaded.config.bpf.user_dir, old.bpf.user_dir, "bpf.user_dir");
  keep(loaded.config.bpf.memory_limit, old.bpf.memory_limit, "bpf.memory_limit");
  keep(loaded.config.bpf.budget, old.bpf.budget, "bpf.budget");
  keep(loaded.config.bpf.lockdown, old.bpf.lockdown, "bpf.lockdown");
  loaded_ = std::move(loaded);
  set_log(loaded_.config.log);
  serving_->configure(loaded_.config);
  log_info("configuration read again", {{"collectors", runner_.apply(loaded_)}});
}

int App::end() {
  log_info("ending");
  static_cast<void>(notifier_.stopping());
  record_.end_well();
  // Whatever hangs below, the process ends in time.
  std::thread([] {
    std::this_thread::sleep_for(kEndForced);
    ::_exit(0);
  }).detach();
  serving_.reset();
  if (!runner_.stop(kEndPatience)) ::_exit(0);
  return 0;
}

int App::run() {
  if (const auto started = start(); !started) {
    record_.end_well();
    log_error("cannot start", {{"error", started.error().message}});
    runner_.stop(kEndPatience);
    return kCouldNotStart;
  }
  loop();
  return end();
}

}  // namespace

int run_daemon(Loader& loader, LoadedConfig loaded) {
  if (const auto blocked = Events::block_signals(); !blocked) {
    log_error("cannot start", {{"error", blocked.error().message}});
    return kCouldNotStart;
  }
  set_log(loaded.config.log);
  App app(loader, std::move(loaded));
  return app.run();
}

}  // namespace kernstat
