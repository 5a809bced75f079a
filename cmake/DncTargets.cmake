# How every target of the project is compiled: includes by path from the top, warnings as errors.
add_library(dnc_options INTERFACE)
target_include_directories(dnc_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(dnc_options INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow
  -Wnon-virtual-dtor -Wno-missing-field-initializers -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(dnc_options INTERFACE -Wthread-safety)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC collects its garbage only above this, in KiB: with a room as one file, looking for it took a
  # twentieth of the time, and a compile needs a gigabyte in any case.
  target_compile_options(dnc_options INTERFACE --param=ggc-min-heapsize=524288)
endif()
if(DNC_SANITIZE)
  add_compile_options(-fsanitize=${DNC_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DNC_SANITIZE})
endif()

if(DNC_FUZZ)
  # What is fuzzed tells libFuzzer which branches it took.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# dnc_join(NAME [ALONE SOURCES...]): the sources of a library are compiled as one file: headers are
# read and inline functions are made once for all of them, in a fraction of the time. So their names
# without linkage must differ ("redefinition of"); ALONE are those of which that can't be had, and
# those of which GCC makes better code alone. With DNC_JOIN off each is compiled alone, for whoever
# works on a few: then it shows which file forgot an include.
option(DNC_JOIN "Compile several sources of a library as one" ON)
function(dnc_join name)
  if(NOT DNC_JOIN)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "ALONE" ${ARGN})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# dnc_compile_quickly(NAME): little optimization for what runs once: tests, the reading of arguments.
# A third of its time to compile is saved; under sanitizers, which add code that is dear to optimize,
# three quarters, while such tests take a tenth longer. Nothing fuzzes them, so that they need not
# tell which branches they took.
function(dnc_compile_quickly name)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  if(DNC_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  if(DNC_FUZZ)
    target_compile_options(${name} PRIVATE -fno-sanitize=fuzzer-no-link)
  endif()
endfunction()

# dnc_library(NAME SOURCES... [ALONE SOURCES...] DEPS ...): a static library; ALONE as in dnc_join.
function(dnc_library name)
  cmake_parse_arguments(ARG "" "" "ALONE;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS} ${ARG_ALONE})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE dnc_options)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  dnc_join(${name} ALONE ${ARG_ALONE})
endfunction()

# dnc_tell_locks(NAME): the thread sanitizer learns of absl's locks in a program.
function(dnc_tell_locks name)
  if(DNC_SANITIZE MATCHES "thread")
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/tsan_locks.cc)
    set_source_files_properties(${PROJECT_SOURCE_DIR}/tests/support/tsan_locks.cc PROPERTIES
      SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
    target_link_libraries(${name} PRIVATE ${CMAKE_DL_LIBS})
  endif()
endfunction()

# dnc_program(NAME SOURCES... DEPS ...): a program in bin/, joined; it knows its DNC_VERSION.
function(dnc_program name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  dnc_tell_locks(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} dnc_options)
  target_compile_definitions(${name} PRIVATE DNC_VERSION="${PROJECT_VERSION}")
  dnc_join(${name})
endfunction()

# dnc_header_sets(): headers from elsewhere that most sources read, compiled once for all of them: a
# third of a test's time to compile is theirs, and a sixth of a library's. One set for libraries, and
# two for tests, which are compiled with other options: for tests that know the contract's messages,
# and for the others. A library would gain nothing of the contract's: they take as long to compile as
# the few files that a library's sources are joined to need to read them, and the five files of the
# tools would read them in half of the time that it takes to write them. With DNC_JOIN off there are
# none.
function(dnc_header_sets)
  if(NOT DNC_JOIN)
    return()
  endif()
  set(headers <algorithm> <atomic> <chrono> <filesystem> <fstream> <functional> <map> <memory> <set>
    <string> <thread> <unordered_map> <vector> <absl/container/flat_hash_map.h>
    <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/synchronization/mutex.h>
    <absl/time/time.h>)
  set(test_headers <gmock/gmock.h> <gtest/gtest.h> <random> <regex>)
  set(contract_headers <grpcpp/grpcpp.h>)
  foreach(service list registry scrub tenant)
    list(APPEND contract_headers <dnc/v1/${service}_service.grpc.pb.h>)
  endforeach()
  dnc_header_set(dnc_headers_of_libraries "${headers}")
  dnc_header_set(dnc_headers_of_tests "${test_headers};${headers}" GTest::gtest GTest::gmock)
  dnc_header_set(dnc_headers_of_contract_tests "${test_headers};${headers};${contract_headers}"
    GTest::gtest GTest::gmock dnc_stubs)
  dnc_compile_quickly(dnc_headers_of_tests)
  dnc_compile_quickly(dnc_headers_of_contract_tests)
endfunction()

function(dnc_header_set name headers)
  set(empty ${PROJECT_BINARY_DIR}/header_sets.cc)
  if(NOT EXISTS ${empty})
    file(WRITE ${empty} "// Holds nothing: compiled headers belong to a library.\n")
  endif()
  add_library(${name} STATIC ${empty})
  target_link_libraries(${name} PRIVATE dnc_options Threads::Threads absl::synchronization
    absl::statusor absl::flat_hash_map ${ARGN})
  target_compile_options(${name} PRIVATE -pthread)
  target_precompile_headers(${name} PRIVATE ${headers})
endfunction()

# dnc_use_headers(SET TARGETS...): those that are there.
function(dnc_use_headers set)
  if(NOT DNC_JOIN)
    return()
  endif()
  foreach(name ${ARGN})
    if(NOT TARGET ${name})
      continue()
    endif()
    target_precompile_headers(${name} REUSE_FROM ${set})
    # They fit only what defines the same macros of threads.
    target_compile_options(${name} PRIVATE -pthread)
  endforeach()
endfunction()

# dnc_use_test_headers(NAME DEPS...): the set of headers that fits what the test links.
function(dnc_use_test_headers name)
  set(set dnc_headers_of_tests)
  if(ARGN MATCHES "dnc_(client|gen_tenants|oracle|proto|stubs|rpc|test_support)")
    set(set dnc_headers_of_contract_tests)
  endif()
  dnc_use_headers(${set} ${name})
  if(DNC_JOIN AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 warns of joined strings that can't be as it fears (its bug 105651), more often so.
    target_compile_options(${name} PRIVATE -Wno-array-bounds -Wno-restrict
      -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
endfunction()

# dnc_test(NAME SOURCES... [COMPUTES] DEPS ... [LABELS ...]): a GoogleTest program, run by ctest.
# COMPUTES: it computes for long, so that optimizing it pays even under sanitizers.
function(dnc_test name)
  cmake_parse_arguments(ARG "COMPUTES" "" "DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  dnc_tell_locks(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} dnc_options GTest::gtest GTest::gmock
    GTest::gtest_main Threads::Threads)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(NOT (ARG_COMPUTES AND DNC_SANITIZE))
    dnc_compile_quickly(${name})
    dnc_use_test_headers(${name} ${ARG_DEPS})
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 3600)
endfunction()

# dnc_fuzzer(NAME SOURCE DEPS ...): a libFuzzer program, only with DNC_FUZZ.
function(dnc_fuzzer name)
  if(NOT DNC_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  dnc_tell_locks(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} dnc_options)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
endfunction()
