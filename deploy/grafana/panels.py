# SPDX-License-Identifier: Apache-2.0
"""Grafana's JSON for what the dashboards need: panels that flow into rows, variables, one dashboard around them.

In expressions $S stands for the selection by job and instance, and $R for the interval of rates."""
import hashlib

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
SELECTION = 'job=~"$job",instance=~"$instance"'
WIDTH = 24
BAD, POOR, GOOD = "red", "orange", "green"


def expression(text):
    return text.replace("$S", SELECTION).replace("$R", "$__rate_interval")


def describe(what, normal, otherwise):
    return f"{what}\n\n**Normal:** {normal}\n\n**Otherwise:** {otherwise}"


def target(expr, legend="", number=0, **more):
    return {"datasource": DATASOURCE, "expr": expression(expr), "legendFormat": legend or "{{instance}}",
            "refId": chr(ord("A") + number), **more}


def uid(name):
    """Of a dashboard, the same in every release: links and bookmarks go on working."""
    return "kernstat-" + hashlib.md5(name.encode()).hexdigest()[:12]


def link_to(name, title):
    """From a panel to the dashboard that has more of it, for the same hosts and time."""
    return {"type": "link", "title": title, "url": f"/d/{uid(name)}?${{__url_time_range}}&${{__all_variables}}", "tags": [],
            "asDropdown": False, "includeVars": False, "keepTime": False, "targetBlank": False, "icon": "", "tooltip": ""}


def thresholds(base, levels):
    steps = [{"color": base, "value": None}]
    steps += [{"color": color, "value": value} for value, color in levels]
    return {"mode": "absolute", "steps": steps}


def panel(kind, title, unit, description, targets, width, height, options, custom=None, base=GOOD, levels=(), **defaults):
    return {"type": kind, "title": title, "description": describe(*description), "datasource": DATASOURCE,
            "gridPos": {"w": width, "h": height, "x": 0, "y": 0}, "targets": targets, "options": options,
            "fieldConfig": {"overrides": [], "defaults": {
                "unit": unit, "thresholds": thresholds(base, levels), "custom": custom or {}, **defaults}}}


def lines(title, unit, description, *queries, width=12, height=8, stacked=False, **defaults):
    """Curves. Each query is (expression, legend)."""
    custom = {"drawStyle": "line", "lineWidth": 1, "showPoints": "never", "fillOpacity": 40 if stacked else 8,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}
    targets = [target(expr, legend, number) for number, (expr, legend) in enumerate(queries)]
    options = {"legend": {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []},
               "tooltip": {"mode": "multi", "sort": "desc"}}
    return panel("timeseries", title, unit, description, targets, width, height, options, custom, **defaults)


def number(title, unit, description, expr, levels=(), width=4, height=4, legend="", base=GOOD, worst=False, **defaults):
    """One number a host, in the colour of the last of the levels ((value, colour), ...) that it reaches. `worst`: the
    query chooses one host, and the panel names it."""
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value",
               "graphMode": "none" if worst else "area", "textMode": "value_and_name" if worst else "auto",
               "orientation": "auto", "justifyMode": "auto", "wideLayout": False, "showPercentChange": False,
               "percentChangeColorMode": "standard"}
    # What is worst changes: over a range there would be a number for each host that once was.
    once = {"instant": True, "range": False} if worst else {}
    return panel("stat", title, unit, description, [target(expr, legend, **once)], width, height, options,
                 base=base, levels=levels, **defaults)


def table(title, unit, description, expr, width=12, height=8):
    options = {"showHeader": True, "frameIndex": 0, "cellHeight": "sm", "footer": {"show": False, "reducer": []}}
    shown = target(expr, "", format="table", instant=True)
    made = panel("table", title, unit, description, [shown], width, height, options, {"align": "auto", "inspect": False})
    made["transformations"] = [{"id": "organize", "options": {
        "excludeByName": {"Time": True, "__name__": True, "job": True}, "indexByName": {}, "renameByName": {}}}]
    return made


def heat(title, unit, description, histogram, labels="", width=12, height=8):
    """How often which value came, over time; for the classic and the native form of a histogram."""
    selection = "$S" + ("," + labels if labels else "")
    expr = (f"sum by (le) (rate({histogram}_bucket{{{selection}}}[$R]))"
            f" or sum(rate({histogram}{{{selection}}}[$R]))")
    options = {"calculate": False, "cellGap": 1, "yAxis": {"unit": unit, "axisPlacement": "left"},
               "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "fill": "dark-orange",
                         "reverse": False},
               "cellValues": {"unit": "cps"}, "legend": {"show": True}, "tooltip": {"mode": "single", "yHistogram": True},
               "showValue": "never",
               "filterValues": {"le": 1e-9}, "rowsFrame": {"layout": "auto"}, "exemplars": {"color": "blue"}}
    return panel("heatmap", title, unit, description, [target(expr, "{{le}}", format="heatmap")], width, height, options)


def tail(title, unit, description, histogram, legend, labels="", width=12, height=8):
    """Median, 99th percentile and mean beside each other, from the recorded series."""
    selection = "$S" + ("," + labels if labels else "")
    return lines(title, unit, description,
                 *((f"instance:{histogram}:{what}{{{selection}}}", f"{what} {legend}") for what in ("p99", "p50", "mean")),
                 width=width, height=height)


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": [],
            "gridPos": {"w": WIDTH, "h": 1, "x": 0, "y": 0}}


def place(panels):
    """Gives each panel an id and, from left to right, a place."""
    x = y = height = 0
    for number_, one in enumerate(panels, 1):
        size = one["gridPos"]
        if x + size["w"] > WIDTH or one["type"] == "row":
            x, y, height = 0, y + height, 0
        size["x"], size["y"] = x, y
        x, height = x + size["w"], max(height, size["h"])
        one["id"] = number_
    return panels


def variable(name, label, query, multi=True):
    return {"type": "query", "name": name, "label": label, "datasource": DATASOURCE, "definition": query,
            "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "multi": multi, "includeAll": multi,
            "allValue": ".+" if multi else None, "hide": 0, "regex": "", "options": [],
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]} if multi else {}}


def dashboard(name, title, description, panels, more_variables=()):
    variables = [
        {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "hide": 0,
         "refresh": 1, "regex": "", "options": [], "includeAll": False, "multi": False,
         "current": {"selected": False, "text": "default", "value": "default"}},
        variable("job", "Job", "label_values(node_uname_info, job)"),
        variable("instance", "Instance", 'label_values(node_uname_info{job=~"$job"}, instance)'),
        *more_variables]
    link = {"type": "dashboards", "title": "kernstat", "tags": ["kernstat"], "asDropdown": True, "includeVars": True,
            "keepTime": True, "targetBlank": False, "icon": "external link", "tooltip": "", "url": ""}
    return {"uid": uid(name), "title": title, "description": description, "tags": ["kernstat"], "schemaVersion": 39,
            "version": 1, "editable": False, "graphTooltip": 1, "refresh": "30s", "timezone": "browser",
            "time": {"from": "now-1h", "to": "now"}, "timepicker": {}, "weekStart": "", "fiscalYearStartMonth": 0,
            "links": [link], "annotations": {"list": []}, "templating": {"list": variables}, "panels": place(panels)}
