// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/filesystem.h"

#include <algorithm>
#include <cstring>

#include "collectors/collector.h"
#include "collectors/options.h"
#include "collectors/support/statfs_pool.h"

namespace kernstat {
namespace {

// As node_exporter's defaults.
constexpr const char* kExcludedPoints =
    "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)";
constexpr const char* kExcludedTypes =
    "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|"
    "mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|"
    "tracefs)$";

// A mount that answers within this time is in the sample of the same tick.
constexpr std::int64_t kPatience = 150'000'000;

constexpr std::string_view kTimedOut = "mountpoint timeout";
constexpr std::string_view kUntried = "untried: too many mountpoints hang";

class Filesystem final : public Sampled<Rows<MountSample>> {
 public:
  Filesystem(const Host& host, const Options& options)
      : root_(host.root == "/" ? "" : host.root),
        first_(host.proc_path("1/mountinfo")),
        own_(host.proc_path("self/mountinfo")),
        points_(Filter::from(options, "mount_points")),
        types_(Filter::from(options, "fs_types")),
        timeout_ns_(std::chrono::nanoseconds(options.duration("mount_timeout")).count()) {}
  ~Filesystem() override {
    for (const Asked& asked : asked_) {
      if (asked.probe) pool_.cancel(*asked.probe);
    }
  }
  Filesystem(const Filesystem&) = delete;
  Filesystem& operator=(const Filesystem&) = delete;
  Filesystem(Filesystem&&) = delete;
  Filesystem& operator=(Filesystem&&) = delete;

 private:
  // One mount from tick to tick, in the order of mountinfo.
  struct Asked {
    std::uint64_t id = 0;
    std::string point;
    std::string type;
    bool wanted = false;
    bool present = false;
    std::shared_ptr<StatfsProbe> probe;  // null when not wanted
    bool outstanding = false;
    bool waiting = false;       // outstanding, and no thread was free for it
    std::int64_t asked_ns = 0;  // of the outstanding question
    MountState state = MountState::kUnknown;
    int error = 0;
    struct statfs space {};
  };

  Result<void> read_mounts();
  Asked& asked_of(const Mount& mount, std::size_t hint);
  void follow_mounts();
  void ask_all(std::int64_t now);
  void take_answer(Asked& asked);
  Result<void> read_into(Rows<MountSample>& sample, const Tick& tick) override;
  void say(const Mount& mount, Asked& asked, const Tick& tick, MountSample& into) const;

  void write_sample(const Rows<MountSample>& sample, Families& out) const override {
    write_mounts(sample, out);
  }

  StatfsPool& pool_ = StatfsPool::shared();
  std::string root_;
  KeptFile first_;
  KeptFile own_;
  Filter points_;
  Filter types_;
  std::int64_t timeout_ns_;
  Rows<Mount> mounts_;
  std::vector<Asked> asked_;
  std::vector<std::shared_ptr<StatfsProbe>> questions_;
};

Result<void> Filesystem::read_mounts() {
  // The first process sees the host's mounts whatever this one's sandbox hides.
  auto text = first_.read();
  const bool own = !text;
  if (own) text = own_.read();
  if (!text) return fail(text.error());
  parse_mountinfo(*text, mounts_);
  if (root_.empty()) return {};
  for (Mount& mount : mounts_) {
    // Where the host's tree is mounted at root_, its points are told as the host knows them.
    const bool under = mount.point.starts_with(root_) &&
                       (mount.point.size() == root_.size() || mount.point[root_.size()] == '/');
    if (under) {
      mount.point.erase(0, root_.size());
      if (mount.point.empty()) mount.point = "/";
    } else if (own) {
      mount.point.clear();  // the container's own
    }
  }
  return {};
}

Filesystem::Asked& Filesystem::asked_of(const Mount& mount, std::size_t hint) {
  const auto is_it = [&](const Asked& each) {
    return each.id == mount.id && each.point == mount.point && each.type == mount.type;
  };
  if (hint < asked_.size() && is_it(asked_[hint])) return asked_[hint];
  const auto found = std::find_if(asked_.begin(), asked_.end(), is_it);
  if (found != asked_.end()) return *found;
  Asked& born = asked_.emplace_back();
  born.id = mount.id;
  born.point = mount.point;
  born.type = mount.type;
  born.wanted = !mount.point.empty() && points_.accepts(mount.point) && types_.accepts(mount.type);
  if (born.wanted) born.probe = std::make_shared<StatfsProbe>(mount.id, root_ + mount.point);
  return born;
}

void Filesystem::follow_mounts() {
  for (Asked& asked : asked_) asked.present = false;
  for (std::size_t i = 0; i < mounts_.size(); ++i) {
    Asked& asked = asked_of(mounts_[i], i);
    asked.present = true;
  }
  std::erase_if(asked_, [this](const Asked& asked) {
    if (!asked.present && asked.probe) pool_.cancel(*asked.probe);
    return !asked.present;
  });
}

void Filesystem::take_answer(Asked& asked) {
  if (!asked.outstanding) return;
  int error = 0;
  struct statfs space {};
  const StatfsPool::Progress progress = pool_.take(*asked.probe, error, space);
  asked.waiting = progress == StatfsPool::Progress::kWaiting;
  if (asked.waiting || progress == StatfsPool::Progress::kRunning) return;
  asked.outstanding = false;
  if (progress != StatfsPool::Progress::kAnswered) return;
  asked.state = error == 0 ? MountState::kOk : MountState::kError;
  asked.error = error;
  asked.space = space;
}

void Filesystem::ask_all(std::int64_t now) {
  questions_.clear();
  for (std::size_t i = 0; i < mounts_.size(); ++i) {
    Asked& asked = asked_of(mounts_[i], i);
    if (!asked.wanted || is_covered(mounts_[i], mounts_)) continue;
    take_answer(asked);
    if (asked.outstanding) continue;
    asked.probe = pool_.ask(asked.probe);
    asked.outstanding = true;
    asked.asked_ns = now;
    questions_.push_back(asked.probe);
  }
}

Result<void> Filesystem::read_into(Rows<MountSample>& sample, const Tick& tick) {
  const auto read = read_mounts();
  if (!read) return fail(read.error());
  follow_mounts();
  ask_all(tick.monotonic_ns);
  pool_.wait(questions_, kPatience);
  sample.clear();
  for (std::size_t i = 0; i < mounts_.size(); ++i) {
    Asked& asked = asked_of(mounts_[i], i);
    if (!asked.wanted || is_covered(mounts_[i], mounts_)) continue;
    take_answer(asked);
    say(mounts_[i], asked, tick, sample.add());
  }
  return {};
}

void Filesystem::say(const Mount& mount, Asked& asked, const Tick& tick, MountSample& into) const {
  // Late when the next tick would find it late: an error comes within the deadline, not after it.
  const bool late =
      asked.outstanding && tick.monotonic_ns - asked.asked_ns + tick.interval_ns / 2 >= timeout_ns_;
  if (late) asked.state = MountState::kUnknown;  // the last answer is too old to come back
  into.state = late ? MountState::kError : asked.state;
  into.space = asked.space;
  into.read_only = mount.read_only;
  std::string_view error;
  if (late) {
    error = asked.waiting ? kUntried : kTimedOut;
  } else if (asked.state == MountState::kError) {
    error = std::strerror(asked.error);
  }
  set_mount_texts(into, mount, error);
}

std::vector<OptionSpec> filesystem_options() {
  std::vector<OptionSpec> options = Filter::options("mount_points", "", kExcludedPoints);
  for (OptionSpec& option : Filter::options("fs_types", "", kExcludedTypes)) {
    options.push_back(std::move(option));
  }
  options.push_back({"mount_timeout", OptionType::kDuration, "5s",
                     "A mount that has not answered for so long is reported as an error."});
  return options;
}

const Registration kRegistration{
    {.name = "filesystem",
     .help = "Size and space of mounted file systems, from statfs(2) and /proc/1/mountinfo.",
     .interval = std::chrono::seconds(5),
     .lane = Lane::kSlow,
     .options = filesystem_options(),
     .make = [](const Host& host, const Options& options) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<Filesystem>(host, options);
     }}};

}  // namespace
}  // namespace kernstat
