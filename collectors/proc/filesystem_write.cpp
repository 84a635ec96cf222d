// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/filesystem.h"
#include "collectors/support/labels.h"

namespace kernstat {
namespace {

constexpr Metric gauge(std::string_view name, std::string_view help) {
  return {name, MetricType::kGauge, help};
}

struct Quantity {
  Metric metric;
  double (*value)(const struct statfs& space);
};

// Blocks are counted in f_frsize; kernels before it say 0 there.
double block_size(const struct statfs& space) {
  return static_cast<double>(space.f_frsize > 0 ? space.f_frsize : space.f_bsize);
}

constexpr Quantity kQuantities[] = {
    {gauge("node_filesystem_size_bytes", "Size of the file system, from statfs(2)."),
     [](const struct statfs& s) { return static_cast<double>(s.f_blocks) * block_size(s); }},
    {gauge("node_filesystem_free_bytes", "Free space, from statfs(2)."),
     [](const struct statfs& s) { return static_cast<double>(s.f_bfree) * block_size(s); }},
    {gauge("node_filesystem_avail_bytes", "Free space for other users than root, from statfs(2)."),
     [](const struct statfs& s) { return static_cast<double>(s.f_bavail) * block_size(s); }},
    {gauge("node_filesystem_files", "Files that there can be, from statfs(2)."),
     [](const struct statfs& s) { return static_cast<double>(s.f_files); }},
    {gauge("node_filesystem_files_free", "Files that can still be made, from statfs(2)."),
     [](const struct statfs& s) { return static_cast<double>(s.f_ffree); }},
};

constexpr Metric kReadOnly = gauge("node_filesystem_readonly",
                                   "1 if the mount or its file system is read-only, from "
                                   "/proc/1/mountinfo.");
constexpr Metric kDeviceError =
    gauge("node_filesystem_device_error",
          "1 if the mount did not answer, or with an error, from statfs(2).");
constexpr Metric kMountInfo{"node_filesystem_mount_info", MetricType::kInfo,
                            "Device number of a mount, from /proc/1/mountinfo."};

}  // namespace

void set_mount_texts(MountSample& sample, const Mount& mount, std::string_view error) {
  const bool same = sample.point == mount.point && sample.type == mount.type &&
                    sample.device == mount.device && sample.major == mount.major &&
                    sample.minor == mount.minor && sample.error == error && !sample.labels.empty();
  if (same) return;
  sample.point = mount.point;
  sample.type = mount.type;
  sample.device = mount.device;
  sample.major = mount.major;
  sample.minor = mount.minor;
  sample.error = error;
  Labels labels("device", mount.device);
  labels.add("device_error", error).add("fstype", mount.type).add("mountpoint", mount.point);
  sample.labels = labels.text();
  Labels info("device", mount.device);
  info.add("major", std::to_string(mount.major)).add("minor", std::to_string(mount.minor));
  sample.info_labels = info.add("mountpoint", mount.point).text();
}

void write_mounts(const Rows<MountSample>& mounts, Families& out) {
  for (const Quantity& quantity : kQuantities) {
    out.family(quantity.metric);
    for (const MountSample& mount : mounts) {
      if (mount.state == MountState::kOk) out.sample(mount.labels, quantity.value(mount.space));
    }
  }
  out.family(kReadOnly);
  for (const MountSample& mount : mounts) {
    if (mount.state != MountState::kUnknown) {
      out.sample(mount.labels, std::uint64_t{mount.read_only ? 1U : 0U});
    }
  }
  out.family(kDeviceError);
  for (const MountSample& mount : mounts) {
    if (mount.state != MountState::kUnknown) {
      out.sample(mount.labels, std::uint64_t{mount.state == MountState::kError ? 1U : 0U});
    }
  }
  out.family(kMountInfo);
  for (const MountSample& mount : mounts) out.sample(mount.info_labels, std::uint64_t{1});
}

}  // namespace kernstat
