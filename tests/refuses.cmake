# cmake -DCOMMAND=PROGRAM;ARGUMENT... -DMESSAGE=REGEX -P refuses.cmake: the command must end with exit code
# 2, one line on standard error that matches, nothing on standard output, and no file in its folder.
string(RANDOM LENGTH 12 name)
set(folder ${CMAKE_CURRENT_BINARY_DIR}/refuses-${name})
file(MAKE_DIRECTORY ${folder})
execute_process(COMMAND ${COMMAND} WORKING_DIRECTORY ${folder}
                RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
file(GLOB left ${folder}/*)
file(REMOVE_RECURSE ${folder})
if(NOT code STREQUAL "2" OR NOT out STREQUAL "" OR NOT err MATCHES "^lowrank: [^\n]*${MESSAGE}[^\n]*\n$" OR left)
  message(FATAL_ERROR "exit code ${code}\nstandard output: ${out}\nstandard error: ${err}\nfiles left: ${left}")
endif()
