# Gives the imported library Kbus::kbus. It lies in lib/cmake/Kbus of wherever KBUS was put.
get_filename_component(_kbus_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET Kbus::kbus)
  add_library(Kbus::kbus SHARED IMPORTED)
  set_target_properties(Kbus::kbus PROPERTIES
    IMPORTED_LOCATION "${_kbus_prefix}/lib/libkbus.so.1"
    IMPORTED_SONAME "libkbus.so.1"
    INTERFACE_INCLUDE_DIRECTORIES "${_kbus_prefix}/include")
endif()

unset(_kbus_prefix)
