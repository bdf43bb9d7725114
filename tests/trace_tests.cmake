# The steps that `lowrank trace --out` exports, computed again in PyTorch; then wrong steps, which must be noticed.
# Without PyTorch it is skipped.
python_test(recompute_trace ${CMAKE_CURRENT_SOURCE_DIR}/recompute_trace.py --self-test --base-steps 5
            --program $<TARGET_FILE:lowrank> --folder ${CMAKE_CURRENT_BINARY_DIR}/recompute_trace)
long_test(recompute_trace 8 2)

# trace_refuses(NAME MESSAGE ARGUMENT...): exit code 2 and this one line, nothing else.
function(trace_refuses name message)
  add_test(NAME trace_refuses_${name}
           COMMAND ${CMAKE_COMMAND} "-DCOMMAND=$<TARGET_FILE:lowrank>;trace;${ARGN}" "-DMESSAGE=${message}"
                   -P ${CMAKE_CURRENT_SOURCE_DIR}/refuses.cmake)
endfunction()
trace_refuses(task "unknown task 'tasks'" --task tasks --mode full)
trace_refuses(mode "unknown mode 'half'. valid are full and lora" --task nli --mode half)
trace_refuses(rank "--rank '65': a whole number from 1 to 64 is wanted" --task nli --mode lora --rank 65)
trace_refuses(rank_zero "--rank '0': a whole number" --task nli --mode lora --rank 0)
trace_refuses(target "unknown target 'z'" --task nli --mode lora --targets q,z)
trace_refuses(alpha "--alpha '-1': a positive number is wanted" --task nli --mode lora --alpha -1)
trace_refuses(no_effect "--rank has no effect with --mode full" --task nli --mode full --rank 4)
trace_refuses(batch "--batch '0': a whole number from 1" --task nli --mode full --batch 0)
trace_refuses(out "cannot write /dev/null/x: Not a directory" --task nli --mode full --out /dev/null/x)
