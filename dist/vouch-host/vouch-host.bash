# SPDX-License-Identifier: ISC
# Completion of vouch-host for bash: commands and options from the program itself.

_vouch_host() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} words
    COMPREPLY=()
    case $prev in
        -o | --output) words='table wide json jsonl csv name' ;;
        --color) words='auto always never' ;;
        --ca-file | --token-file)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return ;;
        --root)
            mapfile -t COMPREPLY < <(compgen -d -- "$cur")
            return ;;
        --pin | --name | --alias | --label | --confirm-within | --columns) return ;;
        *)
            if ((COMP_CWORD == 1)); then
                words=$(vouch-host help --dump 2>/dev/null | awk -F '[\t ]' '$2 && $2 !~ /^-/ {print $2}' | sort -u)
            elif [[ $cur == -* ]]; then
                words=$(vouch-host help --dump 2>/dev/null |
                    awk -F '\t' -v c="vouch-host $command" '($1 == c || $1 == "vouch-host") && $2 {print $2}')
            fi ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o filenames -F _vouch_host vouch-host
