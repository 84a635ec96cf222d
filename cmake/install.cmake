# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where. Configuration and the unit have fixed places, whatever the prefix.
if(NOT TARGET kernstatd)
  return()
endif()
find_program(KERNSTAT_GZIP gzip REQUIRED)
set(KERNSTAT_DEPLOY ${CMAKE_SOURCE_DIR}/deploy)
set(KERNSTAT_STAGE ${CMAKE_BINARY_DIR}/stage)
file(MAKE_DIRECTORY ${KERNSTAT_STAGE})

install(TARGETS kernstatd RUNTIME DESTINATION bin)
install(DIRECTORY ${CMAKE_BINARY_DIR}/bpf/ DESTINATION lib/kernstat/bpf
  FILES_MATCHING PATTERN arm64 EXCLUDE PATTERN "*.bpf.o" PATTERN "*.yaml")
install(DIRECTORY ${CMAKE_SOURCE_DIR}/bpf/ DESTINATION lib/kernstat/bpf/include
  FILES_MATCHING PATTERN "*.bpf.h")
install(FILES ${CMAKE_SOURCE_DIR}/config/kernstatd.yaml DESTINATION /etc/kernstat)
install(FILES ${KERNSTAT_DEPLOY}/debian/default DESTINATION /etc/default RENAME kernstat)
install(FILES ${KERNSTAT_DEPLOY}/systemd/kernstat.service DESTINATION /lib/systemd/system)
install(FILES ${KERNSTAT_DEPLOY}/systemd/full.conf ${KERNSTAT_DEPLOY}/systemd/symbols.conf
  DESTINATION share/kernstat/systemd)

# kernstat_gzipped(FILE RESULT): without name and time, so that the same sources give the same package.
function(kernstat_gzipped file result)
  add_custom_command(OUTPUT ${result} DEPENDS ${file}
    COMMAND sh -c "${KERNSTAT_GZIP} -9nc ${file} > ${result}" VERBATIM)
endfunction()
string(TIMESTAMP KERNSTAT_RELEASE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${KERNSTAT_DEPLOY}/debian/changelog.in ${KERNSTAT_STAGE}/changelog @ONLY)
kernstat_gzipped(${KERNSTAT_STAGE}/changelog ${KERNSTAT_STAGE}/changelog.Debian.gz)
kernstat_gzipped(${KERNSTAT_DEPLOY}/debian/kernstatd.8 ${KERNSTAT_STAGE}/kernstatd.8.gz)
add_custom_target(compressed ALL DEPENDS ${KERNSTAT_STAGE}/changelog.Debian.gz ${KERNSTAT_STAGE}/kernstatd.8.gz)
install(FILES ${KERNSTAT_STAGE}/kernstatd.8.gz DESTINATION share/man/man8)
install(FILES ${KERNSTAT_STAGE}/changelog.Debian.gz ${KERNSTAT_DEPLOY}/debian/copyright
  DESTINATION share/doc/kernstat)
install(FILES ${KERNSTAT_DEPLOY}/debian/lintian-overrides DESTINATION share/lintian/overrides RENAME kernstat)

# Prometheus rules and dashboards, made from their sources.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(KERNSTAT_RULES ${CMAKE_BINARY_DIR}/prometheus)
file(GLOB fold_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/collectors/proc/*.cpp)
add_custom_command(
  OUTPUT ${KERNSTAT_RULES}/kernstat-records.yaml ${KERNSTAT_RULES}/kernstat-fleet.yaml ${KERNSTAT_RULES}/kernstat-alerts.yaml
  COMMAND ${Python3_EXECUTABLE} -B ${KERNSTAT_DEPLOY}/prometheus/rules.py ${KERNSTAT_RULES} ${KERNSTAT_BPF_DIR}
  DEPENDS ${KERNSTAT_DEPLOY}/prometheus/rules.py ${KERNSTAT_DEPLOY}/prometheus/histograms.py
    ${KERNSTAT_DEPLOY}/prometheus/records.yaml ${KERNSTAT_DEPLOY}/prometheus/alerts.yaml
    ${bpf_outputs} ${fold_sources} VERBATIM)
add_custom_target(rules ALL DEPENDS ${KERNSTAT_RULES}/kernstat-alerts.yaml)
install(DIRECTORY ${KERNSTAT_RULES}/ DESTINATION share/kernstat/prometheus)
file(GLOB dashboard_sources CONFIGURE_DEPENDS ${KERNSTAT_DEPLOY}/grafana/*.py)
set(KERNSTAT_DASHBOARDS ${CMAKE_BINARY_DIR}/grafana)
add_custom_command(OUTPUT ${KERNSTAT_DASHBOARDS}/overview.json
  COMMAND ${Python3_EXECUTABLE} -B ${KERNSTAT_DEPLOY}/grafana/dashboards.py ${KERNSTAT_DASHBOARDS}
  DEPENDS ${dashboard_sources} VERBATIM)
add_custom_target(dashboards ALL DEPENDS ${KERNSTAT_DASHBOARDS}/overview.json)
install(DIRECTORY ${KERNSTAT_DASHBOARDS}/ DESTINATION share/kernstat/grafana)
install(FILES ${KERNSTAT_DEPLOY}/grafana/provisioning.yaml DESTINATION share/kernstat/provisioning)
install(FILES ${KERNSTAT_DEPLOY}/prometheus/runbooks.md ${KERNSTAT_DEPLOY}/README.md ${KERNSTAT_DEPLOY}/migration.md
  DESTINATION share/doc/kernstat)
install(DIRECTORY ${KERNSTAT_DEPLOY}/prometheus/ DESTINATION share/kernstat/prometheus
  FILES_MATCHING PATTERN "scrape-*.yaml" PATTERN "targets.json")
