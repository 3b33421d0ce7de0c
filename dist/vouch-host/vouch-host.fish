# SPDX-License-Identifier: ISC
# Completion of vouch-host for fish: commands and options from the program itself.

function __vouch_host_commands
    vouch-host help --dump 2>/dev/null | string match -rg '^vouch-host ([a-z]+)' | sort -u
end

function __vouch_host_options
    set -l words (commandline -opc)
    vouch-host help --dump 2>/dev/null | while read -d \t -l command option
        if test -n "$option"; and contains -- "$command" "vouch-host $words[2]" vouch-host
            echo $option
        end
    end
end

complete -c vouch-host -f
complete -c vouch-host -n 'test (count (commandline -opc)) -eq 1' -a '(__vouch_host_commands)'
complete -c vouch-host -n 'test (count (commandline -opc)) -gt 1; and string match -q -- "-*" (commandline -ct)' -a '(__vouch_host_options)'
complete -c vouch-host -n 'test (count (commandline -opc)) -gt 1' -l token-file -r -F
complete -c vouch-host -n 'test (count (commandline -opc)) -gt 1' -l ca-file -r -F
complete -c vouch-host -n 'test (count (commandline -opc)) -gt 1' -l root -x -a '(__fish_complete_directories)'
complete -c vouch-host -n 'test (count (commandline -opc)) -gt 1' -l color -x -a 'auto always never'
