# SPDX-License-Identifier: Apache-2.0
# `cpack` in a build directory makes kernstat_VERSION-1_ARCH.deb.
if(NOT TARGET kernstatd)
  return()
endif()
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kernstat)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The kernstat authors <${KERNSTAT_CONTACT}>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "host metrics from /proc, /sys, netlink and eBPF for Prometheus")
set(CPACK_PACKAGE_DESCRIPTION "One daemon samples the host every second and counts kernel events in the
kernel: latencies of block I/O, the scheduler, file systems and TCP as
histograms, beside everything that dashboards made for node_exporter
expect, under the same names. Recording rules, alerts and dashboards
come with it.")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
# As dpkg-deb by itself; CPack would use gzip.
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus")
foreach(script postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/deploy/debian/${script})
endforeach()
list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_STRIP_FILES ON)
# Some files have absolute places (/etc, /lib): install below a destination, with Debian's prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
include(CPack)
