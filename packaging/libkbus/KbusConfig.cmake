# Gives the imported library Kbus::kbus. It lies in cmake/Kbus beside the library: in lib, or in lib/<triplet> on Debian. The headers
# are in the include folder of the same prefix.
get_filename_component(_kbus_library "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
get_filename_component(_kbus_include "${_kbus_library}/../include" ABSOLUTE)
if(NOT EXISTS "${_kbus_include}/kbus.h")
  get_filename_component(_kbus_include "${_kbus_library}/../../include" ABSOLUTE)
endif()

if(NOT TARGET Kbus::kbus)
  add_library(Kbus::kbus SHARED IMPORTED)
  set_target_properties(Kbus::kbus PROPERTIES
    IMPORTED_LOCATION "${_kbus_library}/libkbus.so.1"
    IMPORTED_SONAME "libkbus.so.1"
    INTERFACE_INCLUDE_DIRECTORIES "${_kbus_include}")
endif()

unset(_kbus_library)
unset(_kbus_include)
