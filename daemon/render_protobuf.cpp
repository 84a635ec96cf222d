// SPDX-License-Identifier: Apache-2.0
#include "daemon/render_protobuf.h"

#include <string_view>

#include "daemon/protobuf_metric.h"
#include "daemon/protobuf_wire.h"

namespace kernstat {
namespace {

using protobuf::append_bytes;
using protobuf::append_uint;
using protobuf::append_varint;

constexpr std::uint32_t kName = 1, kHelp = 2, kType = 3, kMetric = 4;
// The longest length in front of a message: a varint of 32 bits.
constexpr std::size_t kLengthBytes = 5;

std::uint64_t type_number(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return 0;
    case MetricType::kGauge:
    case MetricType::kInfo:
      return 1;
    case MetricType::kSummary:
      return 2;
    case MetricType::kHistogram:
      return 4;
    case MetricType::kUnknown:
      break;
  }
  return 3;
}

class Writer {
 public:
  Writer(const Page& page, std::string& out, const RenderLimits& limits)
      : page_(page),
        out_(out),
        metric_(page),
        deadline_(limits),
        end_(limits.bytes > SIZE_MAX - out.size() ? SIZE_MAX : out.size() + limits.bytes) {}

  RenderResult run() {
    for (const std::uint32_t index : page_.by_name()) {
      const Page::Family& family = page_.family_at(index);
      if (family.first == Page::kEnd) continue;
      const bool whole = write(family);
      if (result_.expired) break;
      if (!whole) {
        result_.cut = page_.series() - result_.printed;
        break;
      }
    }
    return result_;
  }

 private:
  // False when not all of it found room.
  bool write(const Page::Family& family) {
    family_.clear();
    append_bytes(family_, kName, page_.text(family.name));
    append_bytes(family_, kHelp, page_.text(family.help));
    append_uint(family_, kType, type_number(family.type));
    const std::size_t empty = family_.size();
    const bool whole = write_metrics(family);
    if (family_.size() > empty) {
      append_varint(out_, family_.size());
      out_ += family_;
    }
    return whole;
  }

  bool write_metrics(const Page::Family& family) {
    bool parts = false;
    const bool composite =
        family.type == MetricType::kHistogram || family.type == MetricType::kSummary;
    for (std::uint32_t i = family.first; i != Page::kEnd; i = page_.sample_at(i).next) {
      if (deadline_.passed()) {
        result_.expired = true;
        return false;
      }
      const Page::Sample& sample = page_.sample_at(i);
      if (composite && sample.kind != Page::Kind::kHistogram) {
        parts = true;
      } else if (!add(metric_.encode(sample, family.type), page_.series_of(sample))) {
        return false;
      }
    }
    if (!parts) return true;
    const ProtobufParts joined(page_, family);
    for (std::size_t i = 0; i < joined.messages().size(); ++i) {
      if (!add(joined.messages()[i], joined.samples()[i])) return false;
    }
    return true;
  }

  bool add(std::string_view message, std::uint64_t samples) {
    const std::size_t before = family_.size();
    append_bytes(family_, kMetric, message);
    if (out_.size() + family_.size() + kLengthBytes > end_) {
      family_.resize(before);
      return false;
    }
    result_.printed += samples;
    return true;
  }

  const Page& page_;
  std::string& out_;
  ProtobufMetric metric_;
  RenderDeadline deadline_;
  std::size_t end_;
  std::string family_;
  RenderResult result_;
};

}  // namespace

RenderResult render_protobuf(const Page& page, std::string& out, const RenderLimits& limits) {
  return Writer(page, out, limits).run();
}

}  // namespace kernstat
