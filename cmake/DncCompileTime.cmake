# What spares time to compile, library by library; one that is not there yet is passed over.

# Of what computes little and no fuzzer runs, address sanitizing takes half of the time to compile if
# nothing is optimized.
set(spared dnc_registry dnc_intake dnc_service dnc_config dnc_assembly dnc_load dnc_gen_tenants)
if(NOT DNC_SANITIZE MATCHES "address")
  set(spared)
endif()
foreach(name ${spared})
  if(TARGET ${name})
    target_compile_options(${name} PRIVATE -O0)
  endif()
endforeach()

# What reads the compiled headers of libraries (dnc_header_sets). The lower rooms, which read little
# from elsewhere, do not, nor what is compiled with another optimization: they fit only the same.
set(readers dnc_storage dnc_registry dnc_intake dnc_tenants dnc_records dnc_config dnc_telemetry
  dnc_assembly dnc_service dnc_rpc dncd dnc_client dnc_cli dnc_record_csv dnc_dncctl dnc_load dnc_gen
  dnc_gen_tenants)
list(REMOVE_ITEM readers ${spared} "")
dnc_use_headers(dnc_headers_of_libraries ${readers})

# Two of its sources have a name in common that a batch of 16 would join.
set_target_properties(dnc_records PROPERTIES UNITY_BUILD_BATCH_SIZE 8)
