# SPDX-License-Identifier: ISC
# Completion of vouchd for fish: commands and options from the program itself.

function __vouchd_options
    set -l words (commandline -opc)
    vouchd help --dump 2>/dev/null | while read -d \t -l command option
        if test -n "$option"; and test "$command" = "vouchd $words[2]"
            echo $option
        end
    end
    echo --help
end

complete -c vouchd -n 'test (count (commandline -opc)) -eq 1' -f -a 'init run check-config status demo --demo --help --version'
complete -c vouchd -n 'test (count (commandline -opc)) -gt 1; and string match -q -- "-*" (commandline -ct)' -f -a '(__vouchd_options)'
complete -c vouchd -n 'test (count (commandline -opc)) -gt 1' -l key-type -x -a 'ed25519 ecdsa-p256 ecdsa-p384 ecdsa-p521 rsa'
complete -c vouchd -n 'test (count (commandline -opc)) -gt 1' -l passphrase-file -r
complete -c vouchd -n 'test (count (commandline -opc)) -gt 1' -f -a '(__fish_complete_directories)'
