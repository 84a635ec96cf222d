// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/decoders.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "collectors/bpf/label_tables.h"
#include "collectors/bpf/names.h"

namespace kernstat::bpf {
namespace {

constexpr std::string_view kOther = "other";

using Bytes = std::span<const std::byte>;

Life put(std::string& out, std::string_view text) {
  out += text.empty() ? kOther : text;
  return Life::kAlive;
}

// A name that may be unknown because its bearer has gone.
Life put_name(std::string& out, std::string_view name) {
  out += name.empty() ? kOther : name;
  return name.empty() ? Life::kGone : Life::kAlive;
}

template <std::string_view (*lookup)(std::uint64_t)>
Life decode_by(Bytes bytes, const LabelTable&, Names&, std::string& out) {
  return put(out, lookup(number_of(bytes)));
}

Life decode_errno(Bytes bytes, const LabelTable&, Names&, std::string& out) {
  return put(out, errno_name(static_cast<int>(static_cast<std::int32_t>(number_of(bytes)))));
}

Life decode_disk(Bytes bytes, const LabelTable&, Names& names, std::string& out) {
  return put_name(out, names.disk(static_cast<std::uint32_t>(number_of(bytes))));
}

Life decode_ifindex(Bytes bytes, const LabelTable&, Names& names, std::string& out) {
  return put_name(out, names.interface(0, static_cast<std::uint32_t>(number_of(bytes))));
}

Life decode_interface(Bytes bytes, const LabelTable&, Names& names, std::string& out) {
  const auto name_space = static_cast<std::uint32_t>(number_of(bytes.first(4)));
  const auto index = static_cast<std::uint32_t>(number_of(bytes.subspan(4)));
  if (index == 0) return put(out, "none");
  return put_name(out, names.interface(name_space, index));
}

Life decode_cgroup(Bytes bytes, const LabelTable&, Names& names, std::string& out) {
  return put_name(out, names.workload(number_of(bytes)));
}

Life decode_cgroup_path(Bytes bytes, const LabelTable&, Names& names, std::string& out) {
  return put_name(out, names.cgroup(number_of(bytes)));
}

Life decode_symbol(Bytes bytes, const LabelTable&, Names& names, std::string& out) {
  const auto name = names.symbol(number_of(bytes));
  return name ? put(out, *name) : Life::kUnnamed;
}

constexpr std::array kDecoders{
    Decoder{"disk_dev", 4, decode_disk},
    Decoder{"ifindex", 4, decode_ifindex},
    Decoder{"net_interface", 8, decode_interface},
    Decoder{"errno_code", 4, decode_errno},
    Decoder{"blk_status_code", 4, decode_by<block_status_name>},
    Decoder{"cgroup_id", 8, decode_cgroup},
    Decoder{"cgroup_path", 8, decode_cgroup_path},
    Decoder{"ksym_addr", 8, decode_symbol},
    Decoder{"syscall_nr", 4, decode_by<syscall_name>},
    Decoder{"tcp_state", 4, decode_by<tcp_state_name>},
    Decoder{"address_family", 4, decode_by<address_family_name>},
    Decoder{"ip_protocol", 4, decode_by<ip_protocol_name>},
    Decoder{"ether_type", 4, decode_by<ether_type_name>},
    Decoder{"fs_magic", 4, decode_by<fs_magic_name>},
};

}  // namespace

const Decoder* find_decoder(std::string_view type) {
  const auto* found = std::find_if(kDecoders.begin(), kDecoders.end(),
                                   [&](const Decoder& d) { return d.type == type; });
  return found == kDecoders.end() ? nullptr : found;
}

std::uint64_t number_of(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  switch (bytes.size()) {
    case 1:
      return static_cast<std::uint64_t>(bytes[0]);
    case 2: {
      std::uint16_t narrow = 0;
      std::memcpy(&narrow, bytes.data(), sizeof narrow);
      return narrow;
    }
    case 4: {
      std::uint32_t narrow = 0;
      std::memcpy(&narrow, bytes.data(), sizeof narrow);
      return narrow;
    }
    default:
      std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
      return value;
  }
}

Life decode_unsigned(Bytes bytes, const LabelTable&, Names&, std::string& out) {
  return put(out, std::to_string(number_of(bytes)));
}

Life decode_signed(Bytes bytes, const LabelTable&, Names&, std::string& out) {
  const std::uint64_t raw = number_of(bytes);
  const std::size_t unused = 64 - 8 * std::min<std::size_t>(bytes.size(), 8);
  return put(out, std::to_string(static_cast<std::int64_t>(raw << unused) >> unused));
}

Life decode_bool(Bytes bytes, const LabelTable&, Names&, std::string& out) {
  return put(out, number_of(bytes) != 0 ? "true" : "false");
}

Life decode_text(Bytes bytes, const LabelTable&, Names&, std::string& out) {
  const char* text = reinterpret_cast<const char*>(bytes.data());
  out.append(text, ::strnlen(text, bytes.size()));
  return Life::kAlive;
}

Life decode_enum(Bytes bytes, const LabelTable& table, Names&, std::string& out) {
  const std::uint64_t value = number_of(bytes);
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const auto& entry) { return entry.first == value; });
  return put(out, found == table.end() ? kOther : std::string_view(found->second));
}

std::string_view errno_name(int error_number) {
  if (error_number == 0) return "none";
  const int positive = std::abs(error_number);
  // include/linux/errno.h: seen by tracing, never by a process.
  switch (positive) {
    case 512:
      return "ERESTARTSYS";
    case 513:
      return "ERESTARTNOINTR";
    case 514:
      return "ERESTARTNOHAND";
    case 515:
      return "ENOIOCTLCMD";
    case 516:
      return "ERESTART_RESTARTBLOCK";
    case 517:
      return "EPROBE_DEFER";
    case 524:
      return "ENOTSUPP";
    case 529:
      return "EIOCBQUEUED";
    default:
      break;
  }
  const char* name = ::strerrorname_np(positive);
  return name == nullptr ? kOther : std::string_view(name);
}

}  // namespace kernstat::bpf
