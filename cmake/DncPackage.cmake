# The Debian package: the programs, their man pages and completions, the unit and the configuration.
# ./dev package builds it; the maintainer scripts are in deploy/debian. The rules are of a component
# of its own, which no other installation has: their paths are those of a Debian system, from the root.
if(DNC_SANITIZE)
  return()
endif()

set(manual ${PROJECT_BINARY_DIR}/manual)
file(GLOB manual_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/manual/*.py)
add_custom_command(
  OUTPUT ${manual}.made
  COMMAND /usr/bin/python3 -B ${PROJECT_SOURCE_DIR}/tools/manual/make_manual.py
    ${PROJECT_BINARY_DIR}/bin ${PROJECT_VERSION} ${manual}
  COMMAND ${CMAKE_COMMAND} -E touch ${manual}.made
  DEPENDS dncd dncctl dncgen dncload ${manual_sources}
  COMMENT "Man pages and completions")

# The unit in deploy/systemd is for programs in /usr/local and a user that systemd makes at each
# start. The package has a user of its own, whose name a data folder keeps; what DynamicUser would
# forbid besides, the unit forbids by itself.
set(unit_file ${PROJECT_SOURCE_DIR}/deploy/systemd/dncd.service)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${unit_file})
file(READ ${unit_file} unit)
function(dnc_change_unit from to)
  if(NOT unit MATCHES "${from}")
    message(FATAL_ERROR "${unit_file} has no '${from}', which cmake/DncPackage.cmake changes")
  endif()
  string(REGEX REPLACE "${from}" "${to}" changed "${unit}")
  set(unit "${changed}" PARENT_SCOPE)
endfunction()
dnc_change_unit("^(#[^\n]*\n)+" "# From the package dncd; change it with: systemctl edit dncd\n")
dnc_change_unit("/usr/local/bin/" "/usr/bin/")
dnc_change_unit("DynamicUser=yes\n" "")
dnc_change_unit("\n\n\\[Service\\]" "\nDocumentation=man:dncd(8)\n\n[Service]")
file(WRITE ${PROJECT_BINARY_DIR}/package/dncd.service "${unit}")

set(CPACK_PACKAGE_CONTACT "The dncd developers <developers@dncd.example.org>")
# Debian wants a log of each package in its own form.
string(TIMESTAMP day "%a, %d %b %Y 00:00:00 +0000" UTC)
file(WRITE ${PROJECT_BINARY_DIR}/package/changelog
"dncd (${PROJECT_VERSION}) unstable; urgency=medium

  * See CHANGELOG.md for what changed.

 -- ${CPACK_PACKAGE_CONTACT}  ${day}
")
set(changelog ${PROJECT_BINARY_DIR}/package/changelog.gz)
add_custom_command(OUTPUT ${changelog} DEPENDS ${PROJECT_BINARY_DIR}/package/changelog
  COMMAND gzip -9nc ${PROJECT_BINARY_DIR}/package/changelog > ${changelog})

# Part of the whole build, so that an option of a form that the manual does not know is found there.
add_custom_target(package_files ALL DEPENDS ${manual}.made ${changelog})

# dnc_package(...): an install rule of the package alone.
function(dnc_package)
  install(${ARGN} COMPONENT package EXCLUDE_FROM_ALL)
endfunction()
dnc_package(TARGETS dncd dncctl dncgen dncload RUNTIME DESTINATION usr/bin)
dnc_package(FILES deploy/dncd.yaml DESTINATION etc/dncd)
dnc_package(FILES ${PROJECT_BINARY_DIR}/package/dncd.service DESTINATION lib/systemd/system)
dnc_package(FILES deploy/debian/sysusers.conf DESTINATION usr/lib/sysusers.d RENAME dncd.conf)
dnc_package(DIRECTORY ${manual}/man DESTINATION usr/share)
dnc_package(DIRECTORY ${manual}/completions/bash/ DESTINATION usr/share/bash-completion/completions)
dnc_package(DIRECTORY ${manual}/completions/zsh/ DESTINATION usr/share/zsh/vendor-completions)
dnc_package(DIRECTORY ${manual}/completions/fish/ DESTINATION usr/share/fish/vendor_completions.d)
dnc_package(FILES deploy/debian/copyright ${changelog} README.md DESTINATION usr/share/doc/dncd)
dnc_package(FILES CHANGELOG.md DESTINATION usr/share/doc/dncd OPTIONAL)
# The guides that the programs' messages name, with their plots.
install(DIRECTORY docs DESTINATION usr/share/doc/dncd COMPONENT package EXCLUDE_FROM_ALL
  FILES_MATCHING PATTERN "*.md" PATTERN "*.svg")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dncd)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "do-not-call lookup server for dialers")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Answers for each phone number whether it may be called: from the US National
Do Not Call Registry, state lists, and a seller's own opt-outs. It answers a
batch of a thousand numbers in less than a millisecond, by gRPC.
.
It has the server dncd, which runs as a service, and the tools dncctl (loads
lists, asks, administers), dncgen (synthetic lists) and dncload (load tests).")
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};dncd;package;/")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Besides the libraries: for the user.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
# Which authorities dncctl --tls trusts.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(file conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/deploy/debian/${file})
endforeach()
include(CPack)
