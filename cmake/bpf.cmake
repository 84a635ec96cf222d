# SPDX-License-Identifier: Apache-2.0
# Every bpf/<tool>.bpf.c becomes bpf/<tool>.bpf.o in the build tree, beside a copy of its YAML:
# build/bpf is a complete directory of tools, where the daemon beside it finds them. No kernel headers and no BTF are needed.
find_program(KERNSTAT_BPF_CLANG NAMES clang-14 clang REQUIRED)
find_program(KERNSTAT_BPF_STRIP NAMES llvm-strip-14 llvm-strip REQUIRED)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(KERNSTAT_BPF_ARCH arm64)
else()
  set(KERNSTAT_BPF_ARCH x86)
endif()
set(KERNSTAT_BPF_FLAGS -target bpf -mcpu=v3 -g -O2 -Wall -Wextra -Werror
  # the program macros hand every body its context
  -Wno-unused-parameter
  -fno-ident -fdebug-prefix-map=${CMAKE_SOURCE_DIR}=. -I${CMAKE_SOURCE_DIR}/bpf)
if(CMAKE_LIBRARY_ARCHITECTURE)
  # where Debian keeps <asm/types.h>
  list(APPEND KERNSTAT_BPF_FLAGS -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
endif()

# kernstat_bpf_object(SOURCE ARCHITECTURE OBJECT): one rule; rebuilt when a header changes. It keeps the types and the
# lines of the source, but not their relocations, which only a linker of BPF objects would read.
function(kernstat_bpf_object source arch object)
  add_custom_command(OUTPUT ${object}
    COMMAND ${KERNSTAT_BPF_CLANG} ${KERNSTAT_BPF_FLAGS} -D__TARGET_ARCH_${arch}
      -MMD -MT ${object} -MF ${object}.d -c ${source} -o ${object}
    COMMAND ${KERNSTAT_BPF_STRIP} -g -R .rel.BTF -R .rel.BTF.ext ${object}
    DEPENDS ${source} DEPFILE ${object}.d
    COMMENT "BPF ${arch} ${object}" VERBATIM)
endfunction()

file(GLOB KERNSTAT_BPF_SOURCES CONFIGURE_DEPENDS bpf/*.bpf.c)
file(GLOB KERNSTAT_BPF_YAML CONFIGURE_DEPENDS bpf/*.yaml)
set(KERNSTAT_BPF_DIR ${CMAKE_BINARY_DIR}/bpf)
file(MAKE_DIRECTORY ${KERNSTAT_BPF_DIR} ${KERNSTAT_BPF_DIR}/arm64)
# What is left of a tool that was renamed or removed would still be a tool.
file(GLOB bpf_left RELATIVE ${KERNSTAT_BPF_DIR} ${KERNSTAT_BPF_DIR}/*.bpf.o ${KERNSTAT_BPF_DIR}/*.yaml)
foreach(file ${bpf_left})
  string(REGEX REPLACE "\\.o$" ".c" source ${file})
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/bpf/${source})
    file(REMOVE ${KERNSTAT_BPF_DIR}/${file})
  endif()
endforeach()
set(bpf_outputs)
set(bpf_cross_outputs)
foreach(source ${KERNSTAT_BPF_SOURCES})
  get_filename_component(tool ${source} NAME_WLE)
  kernstat_bpf_object(${source} ${KERNSTAT_BPF_ARCH} ${KERNSTAT_BPF_DIR}/${tool}.o)
  list(APPEND bpf_outputs ${KERNSTAT_BPF_DIR}/${tool}.o)
  kernstat_bpf_object(${source} arm64 ${KERNSTAT_BPF_DIR}/arm64/${tool}.o)
  list(APPEND bpf_cross_outputs ${KERNSTAT_BPF_DIR}/arm64/${tool}.o)
endforeach()
foreach(yaml ${KERNSTAT_BPF_YAML})
  get_filename_component(name ${yaml} NAME)
  add_custom_command(OUTPUT ${KERNSTAT_BPF_DIR}/${name}
    COMMAND ${CMAKE_COMMAND} -E copy ${yaml} ${KERNSTAT_BPF_DIR}/${name} DEPENDS ${yaml})
  list(APPEND bpf_outputs ${KERNSTAT_BPF_DIR}/${name})
endforeach()
add_custom_target(bpf ALL DEPENDS ${bpf_outputs})
# The same sources for arm64: `ninja bpf-arm64` shows that they stay clean.
add_custom_target(bpf-arm64 DEPENDS ${bpf_cross_outputs})
