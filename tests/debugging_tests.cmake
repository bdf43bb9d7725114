# The session of docs/debugging.md, in gdb, on a program that is compiled for stepping in every preset:
# everything at -O0 -g but the matrix products. The page shows what GCC's code does.
set(stepped
  autograd/check_finite autograd/context autograd/dump autograd/gemm autograd/half autograd/kernels autograd/ops_attention
  autograd/ops_elementwise autograd/ops_functions autograd/ops_half autograd/ops_linear autograd/ops_loss autograd/ops_norm
  autograd/ops_shape autograd/ops_softmax autograd/pool autograd/random autograd/tape autograd/tensor
  nn/decoder_config nn/half nn/layers nn/loss nn/model nn/module nn/prefix nn/optimizer nn/transformer
  lora/inject lora/lora_linear lora/names lora/plan lora/scaling
  docs/examples/training_step)
list(TRANSFORM stepped PREPEND ${PROJECT_SOURCE_DIR}/)
list(TRANSFORM stepped APPEND .cpp)
add_executable(training_step ${stepped})
lowrank_compile(training_step)
target_compile_options(training_step PRIVATE -O0 -g -fno-stack-protector)
set_source_files_properties(${PROJECT_SOURCE_DIR}/autograd/gemm.cpp ${PROJECT_SOURCE_DIR}/autograd/kernels.cpp
                            PROPERTIES COMPILE_OPTIONS "-O3")

add_test(NAME training_step COMMAND training_step)
set_tests_properties(training_step PROPERTIES PASS_REGULAR_EXPRESSION "50  cross_entropy .*\nloss 1\\.61")

find_program(GDB gdb)
if(GDB)
  execute_process(COMMAND ${GDB} -nx -batch -ex "python print('yes')" OUTPUT_VARIABLE gdb_has_python ERROR_QUIET)
endif()
if(NOT gdb_has_python MATCHES "yes" OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR LOWRANK_SANITIZE)
  add_test(NAME gdb_session COMMAND ${CMAKE_COMMAND} -E echo "skipped: no gdb with Python, another compiler, or sanitizers")
  set_tests_properties(gdb_session PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped")
  return()
endif()
set(session ${GDB} -nx -batch -ex "python program = '$<TARGET_FILE:training_step>'"
            -x ${CMAKE_CURRENT_SOURCE_DIR}/gdb_session.py)
add_test(NAME gdb_session COMMAND ${session} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
# Without the printers nothing but what they print may differ.
add_test(NAME gdb_session_control COMMAND ${session} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
long_test(gdb_session 12)
long_test(gdb_session_control 12)
set_tests_properties(gdb_session_control PROPERTIES
  ENVIRONMENT "LOWRANK_WITHOUT_PRINTERS=1"
  PASS_REGULAR_EXPRESSION "debugging.md: \\(gdb\\) print dy.*\\(gdb\\) print loss.* commands, [1-9][0-9]* of which")
