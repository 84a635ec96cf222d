# SPDX-License-Identifier: Apache-2.0
"""What the checks of dashboards need to know of PromQL: which series an expression selects."""
import re

KEYWORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "or", "and", "unless", "bool", "offset",
            "inf", "nan"}
LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
TOKEN = re.compile(r"""\s*(?:(?P<number>\d[\w.]*)|(?P<name>[a-zA-Z_:][\w:]*)|(?P<matchers>\{(?:[^}"']|"[^"]*"|'[^']*')*\})"""
                   r"""|(?P<range>\[[^\]]*\])|(?P<text>"[^"]*"|'[^']*')|(?P<list>\([^()]*\))|(?P<other>.))""", re.S)


def selectors(expr):
    """(metric, matchers, range) of each selector; matchers and range as they are written, "" if missing."""
    found, at, wants_list = [], 0, False
    while at < len(expr):
        match = TOKEN.match(expr, at)
        if not match:
            break
        kind = match.lastgroup
        if kind == "list":
            if not wants_list:  # an ordinary parenthesis: look inside
                at = match.start("list") + 1
                continue
        elif kind == "name":
            name = match.group("name")
            rest = expr[match.end():].lstrip()
            if name in KEYWORDS:
                wants_list = name in LISTS
                at = match.end()
                continue
            if not rest.startswith("(") and not LISTS.intersection({rest.split("(")[0].strip()}):
                found.append([name, "", ""])
        elif kind == "matchers" and found:
            found[-1][1] = match.group("matchers")
        elif kind == "range" and found:
            found[-1][2] = match.group("range")
        wants_list = False
        at = match.end()
    return [tuple(one) for one in found]


def is_counter(metric):
    """By its name, as Prometheus' conventions and node_exporter have it."""
    if ":" in metric:  # a recorded series is what its rule made of it
        return False
    return bool(re.search(r"_(total|bucket|sum|count)$", metric) or
                re.match(r"node_netstat_(?!Tcp_CurrEstab|Ip_Forwarding)|node_vmstat_", metric))
