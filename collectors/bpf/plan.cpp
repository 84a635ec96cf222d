// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/plan.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <set>

#include "collectors/bpf/metric_names.h"
#include "collectors/bpf/units.h"

namespace kernstat::bpf {
namespace {

constexpr std::chrono::milliseconds kDefaultSweep{600'000};

bool is_hash_type(const bpf_map* map) {
  return bpf_map__type(map) == BPF_MAP_TYPE_HASH || bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_HASH;
}

bool is_array_type(const bpf_map* map) {
  return bpf_map__type(map) == BPF_MAP_TYPE_ARRAY ||
         bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY;
}

class Planner {
 public:
  Planner(const ToolSpec& spec, const Object& object, Problems& problems)
      : spec_(spec), object_(object), problems_(problems) {}

  std::optional<Plan> run() {
    const std::size_t before = problems_.size();
    for (const MapSpec& map : spec_.maps) check_map(map);
    for (const ProgramSpec& program : spec_.programs) check_program(program);
    for (const auto& [name, value] : spec_.parameters) {
      if (!object_.has_parameter(name)) complain("params: the object has no '" + name + "'");
    }
    for (const HookSpec& hook : spec_.hooks) check_hook(hook);
    for (const MetricSpec& metric : spec_.metrics) add_metric(metric);
    check_series();
    if (problems_.size() != before) return std::nullopt;
    return std::move(plan_);
  }

 private:
  void complain(const std::string& text) { problems_.add({spec_.path, 0, 0, text}); }

  void check_map(const MapSpec& map) {
    const bpf_map* found = object_.map(map.name);
    if (found == nullptr) {
      complain("maps: the object has no map '" + map.name + "'");
      return;
    }
    const bool is_metric = std::any_of(spec_.metrics.begin(), spec_.metrics.end(),
                                       [&](const MetricSpec& m) { return m.map == map.name; });
    if (map.sweep.count() == 0 && is_metric) return;
    if (!is_metric && is_hash_type(found)) {
      plan_.in_flight.push_back({map.name, map.sweep.count() == 0 ? kDefaultSweep : map.sweep});
      return;
    }
    complain("maps: '" + map.name + "' is neither read by a metric nor a map of things in flight");
  }

  void check_program(const ProgramSpec& program) {
    if (!object_.has_program(program.name)) {
      complain("programs: the object has no program '" + program.name + "'");
    }
  }

  void check_hook(const HookSpec& hook) {
    if (!hook.when.empty() && !object_.has_variable(hook.when)) {
      complain("hook '" + hook.name + "': the object has no variable '" + hook.when + "'");
    }
    for (const std::string& family : hook.serves) {
      const bool known = std::any_of(spec_.metrics.begin(), spec_.metrics.end(),
                                     [&](const MetricSpec& m) { return m.name == family; });
      if (!known) complain("hook '" + hook.name + "' serves no metric '" + family + "'");
    }
    for (const AlternativeSpec& alternative : hook.alternatives) {
      for (const auto& [name, value] : alternative.parameters) {
        if (!object_.has_parameter(name)) complain("params: the object has no '" + name + "'");
      }
    }
  }

  // The source that a metric names, made at its first metric.
  std::optional<std::size_t> source_of(const MetricSpec& metric) {
    const std::string& name = metric.map.empty() ? metric.records : metric.map;
    for (std::size_t i = 0; i < plan_.sources.size(); ++i) {
      if (plan_.sources[i].name == name) return i;
    }
    Source source;
    source.name = name;
    const auto made = metric.map.empty() ? fill_records(source) : fill_map(source);
    if (!made) {
      // Said once, not at each of its metrics.
      if (broken_.insert(name).second) complain(name + ": " + made.error().message);
      return std::nullopt;
    }
    plan_.sources.push_back(std::move(source));
    return plan_.sources.size() - 1;
  }

  Result<void> fill_map(Source& source) {
    const bpf_map* map = object_.map(source.name);
    if (map == nullptr) return fail(ErrorKind::kInvalid, "the object has no such map");
    if (!is_hash_type(map) && !is_array_type(map)) {
      return fail(ErrorKind::kInvalid, "series live in hashes and arrays, per CPU or not");
    }
    auto key = key_layout(object_.types(), bpf_map__btf_key_type_id(map));
    if (!key) return fail(key.error());
    auto value = value_layout(object_.types(), bpf_map__btf_value_type_id(map));
    if (!value) return fail(value.error());
    source.key = *std::move(key);
    source.value = *std::move(value);
    source.is_array = is_array_type(map);
    source.capacity = bpf_map__max_entries(map);
    if (source.is_array && source.capacity == 1) source.key.columns.clear();
    return apply(spec_.map(source.name), source);
  }

  Result<void> apply(const MapSpec* map, Source& source) {
    source.zero =
        !source.is_array && !source.value.has_histogram() && !known_keys(source.key).empty();
    if (map == nullptr) return {};
    if (map->max_series > 0 && !source.is_array) source.capacity = map->max_series;
    source.idle = map->idle;
    source.iterator = map->filled_by;
    if (map->zero) source.zero = *map->zero;
    if (source.zero && !source.is_array && known_keys(source.key).empty()) {
      return fail(ErrorKind::kInvalid, "zero needs labels whose values are known (enum, bool)");
    }
    if (!source.iterator.empty() && !object_.has_program(source.iterator)) {
      return fail(ErrorKind::kInvalid, "the object has no program '" + source.iterator + "'");
    }
    return {};
  }

  Result<void> fill_records(Source& source) {
    auto layout = record_layout(object_.types(), source.name);
    if (!layout) return fail(layout.error());
    source.is_records = true;
    source.key = std::move(layout->key);
    source.value = std::move(layout->value);
    source.record_size = layout->size;
    source.record_key = layout->key_offset;
    source.record_value = layout->value_offset;
    for (const std::string& program : object_.programs()) {
      if (object_.section(program).starts_with("iter/")) source.iterator = program;
    }
    if (source.iterator.empty()) return fail(ErrorKind::kInvalid, "no iterator emits records");
    return {};
  }

  void add_metric(const MetricSpec& metric) {
    const auto index = source_of(metric);
    if (!index) return;
    Source& source = plan_.sources[*index];
    const Quantity* quantity = source.value.find(metric.member);
    if (quantity == nullptr) {
      complain(metric.name + ": " +
               (metric.member.empty() ? "the value is a struct: name a member"
                                      : "the value has no member '" + metric.member + "'"));
      return;
    }
    PlannedMetric planned;
    planned.name = metric.name;
    planned.help = metric.help;
    planned.source = *index;
    planned.view = source.views.size();
    planned.is_signed = quantity->is_signed;
    planned.hist = quantity->hist;
    planned.type = quantity->hist ? MetricType::kHistogram : metric.type;
    set_unit(metric, planned);
    if (metric.type_given && planned.type != metric.type) {
      complain(metric.name + ": the type does not fit the value");
    }
    MetricView view = make_view(metric, source, *quantity);
    view.is_gauge = planned.type == MetricType::kGauge;
    if (!source.iterator.empty() && planned.type == MetricType::kCounter) {
      complain(metric.name + ": what an iterator finds is a gauge");
    }
    source.views.push_back(std::move(view));
    plan_.metrics.push_back(std::move(planned));
  }

  void set_unit(const MetricSpec& metric, PlannedMetric& planned) {
    if (planned.hist && metric.unit != Unit::kNone) {
      complain(metric.name + ": a histogram's type says its unit");
    }
    const BaseUnit base = planned.hist ? base_unit(planned.hist->unit) : base_unit(metric.unit);
    planned.scale = base.scale;
    const auto good = check_name(planned.name, planned.type, base.name);
    if (!good) complain(good.error().message);
  }

  MetricView make_view(const MetricSpec& metric, const Source& source, const Quantity& quantity) {
    MetricView view;
    view.set = metric.set;
    view.word = quantity.word;
    view.words = quantity.hist ? quantity.hist->words() : 1;
    view.is_total = true;
    std::vector<std::string> used;
    for (const Column& column : source.key.columns) {
      std::string name = source.key.is_scalar ? metric.key : column.name;
      for (const auto& [member, label] : metric.labels) {
        if (member == column.name) name = label;
      }
      const bool wanted =
          !metric.by || std::find(metric.by->begin(), metric.by->end(), name) != metric.by->end();
      if (name.empty() && wanted) {
        complain(metric.name + ": `key` names the label of a key that is no struct");
      }
      if (!wanted) name.clear();
      if (!name.empty()) {
        view.is_total = false;
        if (!is_label_name(name)) complain(metric.name + ": '" + name + "' is no label name");
        used.push_back(name);
      }
      view.label_names.push_back(std::move(name));
    }
    check_view(metric, source, used);
    return view;
  }

  void check_view(const MetricSpec& metric, const Source& source, std::vector<std::string> used) {
    for (const auto& [name, value] : metric.set) used.push_back(name);
    const std::set<std::string> distinct(used.begin(), used.end());
    if (distinct.size() != used.size()) complain(metric.name + ": two labels of one name");
    for (const auto& [member, label] : metric.labels) {
      const bool known =
          std::any_of(source.key.columns.begin(), source.key.columns.end(),
                      [&wanted = member](const Column& c) { return c.name == wanted; });
      if (!known) complain(metric.name + ": the key has no member '" + member + "'");
    }
    for (const std::string& label : metric.by.value_or(std::vector<std::string>{})) {
      if (!distinct.contains(label)) complain(metric.name + ": no label '" + label + "'");
    }
  }

  // One family has one type, and no two metrics of it can say the same series.
  void check_series() {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < plan_.metrics.size(); ++i) {
      const PlannedMetric& metric = plan_.metrics[i];
      std::string identity = metric.name;
      for (const auto& [name, value] : plan_.sources[metric.source].views[metric.view].set) {
        identity += "," + name + "=" + value;
      }
      if (!seen.insert(identity).second) {
        complain(metric.name + ": two metrics of this family have the same constant labels");
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (plan_.metrics[j].name == metric.name && plan_.metrics[j].type != metric.type) {
          complain(metric.name + ": the family has two types");
        }
      }
    }
  }

  const ToolSpec& spec_;
  const Object& object_;
  Problems& problems_;
  Plan plan_;
  std::set<std::string> broken_;
};

}  // namespace

const Source* Plan::source(std::string_view name) const {
  const auto found =
      std::find_if(sources.begin(), sources.end(), [&](const Source& s) { return s.name == name; });
  return found == sources.end() ? nullptr : &*found;
}

std::optional<Plan> make_plan(const ToolSpec& spec, const Object& object, Problems& problems) {
  return Planner(spec, object, problems).run();
}

}  // namespace kernstat::bpf
