# How every target of the project is compiled: includes by path from the top, warnings as errors.
add_library(dnc_options INTERFACE)
target_include_directories(dnc_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(dnc_options INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow
  -Wnon-virtual-dtor -Wno-missing-field-initializers -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(dnc_options INTERFACE -Wthread-safety)
endif()
if(DNC_SANITIZE)
  add_compile_options(-fsanitize=${DNC_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DNC_SANITIZE})
endif()

if(DNC_FUZZ)
  # What is fuzzed tells libFuzzer which branches it took.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# dnc_join(NAME [ALONE SOURCES...]): the sources of a library are compiled eight as one file: headers
# are read and inline functions are made once for all of them, in a fraction of the time. ALONE are
# those whose names without linkage meet another's ("redefinition of"). With DNC_JOIN off each is
# compiled alone, for whoever works on a few; clang-tidy reads each alone in any case, so that each
# must include what it uses.
option(DNC_JOIN "Compile several sources of a library as one" ON)
function(dnc_join name)
  if(NOT DNC_JOIN)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "ALONE" ${ARGN})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# dnc_compile_quickly(NAME): little optimization for what runs once: tests, the reading of arguments.
# A third of its time to compile is saved.
function(dnc_compile_quickly name)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# dnc_library(NAME SOURCES... [ALONE SOURCES...] DEPS ...): a static library; ALONE as in dnc_join.
function(dnc_library name)
  cmake_parse_arguments(ARG "" "" "ALONE;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS} ${ARG_ALONE})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE dnc_options)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  dnc_join(${name} ALONE ${ARG_ALONE})
endfunction()

# dnc_program(NAME SOURCES... DEPS ...): a program in bin/, joined; it knows its DNC_VERSION.
function(dnc_program name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} dnc_options)
  target_compile_definitions(${name} PRIVATE DNC_VERSION="${PROJECT_VERSION}")
  dnc_join(${name})
endfunction()

# dnc_test(NAME SOURCES... DEPS ... [LABELS ...]): a GoogleTest program, run by ctest.
function(dnc_test name)
  cmake_parse_arguments(ARG "" "" "DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} dnc_options GTest::gtest GTest::gmock
    GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  dnc_compile_quickly(${name})
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
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} dnc_options)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
endfunction()
