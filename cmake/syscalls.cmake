# SPDX-License-Identifier: Apache-2.0
# kernstat_syscalls.inc: {number, "name"} of every system call of this architecture, by number, from
# the preprocessor's list of <asm/unistd.h>.
file(WRITE ${CMAKE_BINARY_DIR}/generated/unistd.c "#include <asm/unistd.h>\n")
execute_process(COMMAND ${CMAKE_C_COMPILER} -E -dM ${CMAKE_BINARY_DIR}/generated/unistd.c
  OUTPUT_VARIABLE macros COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "#define __NR_[a-z0-9_]+ [0-9]+" lines "${macros}")
set(entries)
foreach(line ${lines})
  string(REGEX REPLACE "#define __NR_([a-z0-9_]+) ([0-9]+)" "{\\2, \"\\1\"}," entry "${line}")
  list(APPEND entries "${entry}")
endforeach()
list(SORT entries COMPARE NATURAL)
string(REPLACE ";" "\n" entries "${entries}")
file(WRITE ${CMAKE_BINARY_DIR}/generated/kernstat_syscalls.inc.new "${entries}\n")
file(COPY_FILE ${CMAKE_BINARY_DIR}/generated/kernstat_syscalls.inc.new
  ${CMAKE_BINARY_DIR}/generated/kernstat_syscalls.inc ONLY_IF_DIFFERENT)
