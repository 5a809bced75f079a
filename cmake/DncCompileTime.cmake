# What spares time to compile, library by library. docs/internals/lab-book.md, "Building from
# nothing", has what it amounts to.

# Tools talk to people and wait for the server: little optimization. What measures (dnc_load) and
# what makes hundreds of millions of numbers (dnc_gen) is optimized. The generated code of the
# contract's messages needs little, too: the hot path reads and writes them by its own code
# (server/rpc/scrub_wire.h). Fuzzers run some of these, so sanitizers compile them as before.
set(tools dnc_cli dnc_dncctl)
if(NOT DNC_SANITIZE)
  foreach(name ${tools} dnc_load_report dnc_output_file dnc_plot dnc_proto dnc_stubs)
    dnc_compile_quickly(${name})
  endforeach()
  set(tools)
endif()

# Undefined behavior in generated code would be protobuf's, and the checks for it take more than half
# of the time that the code takes to compile. Its memory is checked as that of all others.
if(DNC_SANITIZE MATCHES "undefined")
  foreach(name dnc_proto dnc_stubs dnc_registry_records dnc_directory_records)
    target_compile_options(${name} PRIVATE -fno-sanitize=undefined)
  endforeach()
endif()

# Of what computes little and no fuzzer runs, address sanitizing takes half of the time to compile if
# nothing is optimized.
set(spared dnc_registry dnc_intake dnc_service dnc_config dnc_load dnc_load_report dnc_gen_tenants)
if(NOT DNC_SANITIZE MATCHES "address")
  set(spared)
endif()
foreach(name ${spared})
  target_compile_options(${name} PRIVATE -O0)
endforeach()

# What reads the compiled headers of libraries (dnc_header_sets). The lower rooms, which read little
# from elsewhere, do not, nor what is compiled with another optimization: they fit only the same.
set(readers dnc_storage dnc_registry dnc_intake dnc_tenants dnc_records dnc_config dnc_telemetry
  dnc_service dnc_rpc dncd dnc_client dnc_load dnc_gen dnc_gen_tenants ${tools})
list(REMOVE_ITEM readers ${spared} "")
dnc_use_headers(dnc_headers_of_libraries ${readers})
