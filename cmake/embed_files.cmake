# embed_files(OUTPUT file.cpp NAMESPACE ns NAME f FILES a b ...): a source file with a function ns::f() that
# returns the file names (without folders) and texts of FILES in their order, written again whenever one of them
# changes. Run as a script (cmake -P) it does the writing.
if(CMAKE_SCRIPT_MODE_FILE)
  string(CONCAT source "#include <string_view>\n#include <utility>\n#include <vector>\n\nnamespace ${NAMESPACE} {\n\n"
    "std::vector<std::pair<std::string_view, std::string_view>> ${NAME}();\n"
    "std::vector<std::pair<std::string_view, std::string_view>> ${NAME}() {\n  return {")
  string(REPLACE "|" ";" files "${FILES}")
  foreach(file IN LISTS files)
    file(READ ${file} text)
    string(FIND "${text}" ")embedded\"" delimiter)
    if(NOT delimiter EQUAL -1)
      message(FATAL_ERROR "${file} contains the delimiter )embedded\" of its own embedding")
    endif()
    get_filename_component(name ${file} NAME)
    string(APPEND source "\n      {\"${name}\", R\"embedded(${text})embedded\"},")
  endforeach()
  string(APPEND source "\n  };\n}\n\n}  // namespace ${NAMESPACE}\n")
  file(WRITE ${OUTPUT} "${source}")
  return()
endif()

function(embed_files)
  cmake_parse_arguments(EMBED "" "OUTPUT;NAMESPACE;NAME" "FILES" ${ARGN})
  list(JOIN EMBED_FILES "|" joined)
  add_custom_command(OUTPUT ${EMBED_OUTPUT}
    COMMAND ${CMAKE_COMMAND} -DFILES=${joined} -DOUTPUT=${EMBED_OUTPUT}
            -DNAMESPACE=${EMBED_NAMESPACE} -DNAME=${EMBED_NAME}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${EMBED_FILES} ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    VERBATIM)
endfunction()
