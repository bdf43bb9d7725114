# embed_text(INPUT file OUTPUT file.cpp NAMESPACE ns NAME f): a source file with a function ns::f() that
# returns the text of INPUT, written again whenever INPUT changes, so that the program needs no path.
# Run as a script (cmake -P) it does the writing.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${INPUT} text)
  string(FIND "${text}" ")embedded\"" delimiter)
  if(NOT delimiter EQUAL -1)
    message(FATAL_ERROR "${INPUT} contains the delimiter )embedded\" of its own embedding")
  endif()
  file(WRITE ${OUTPUT} "#include <string_view>\n\n"
    "namespace ${NAMESPACE} {\n\n"
    "std::string_view ${NAME}();\n"
    "std::string_view ${NAME}() {\n  return R\"embedded(${text})embedded\";\n}\n\n"
    "}  // namespace ${NAMESPACE}\n")
  return()
endif()

function(embed_text)
  cmake_parse_arguments(EMBED "" "INPUT;OUTPUT;NAMESPACE;NAME" "" ${ARGN})
  add_custom_command(OUTPUT ${EMBED_OUTPUT}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${EMBED_INPUT} -DOUTPUT=${EMBED_OUTPUT}
            -DNAMESPACE=${EMBED_NAMESPACE} -DNAME=${EMBED_NAME}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake
    DEPENDS ${EMBED_INPUT} ${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake
    VERBATIM)
endfunction()
