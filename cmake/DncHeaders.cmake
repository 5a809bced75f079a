# What reads the compiled headers of libraries (dnc_header_sets). The lower rooms, which read little
# from elsewhere, do not, nor what is compiled quickly, for they fit only the same options.
dnc_use_headers(dnc_headers_of_libraries dnc_storage dnc_registry dnc_intake dnc_tenants dnc_records
  dnc_config dnc_telemetry dnc_assembly dnc_service dnc_rpc dncd
  dnc_client dnc_cli dnc_record_csv dnc_dncctl dnc_load dnc_gen dnc_gen_tenants)
