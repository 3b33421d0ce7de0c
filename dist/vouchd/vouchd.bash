# SPDX-License-Identifier: ISC
# Completion of vouchd for bash: commands and options from the program itself.

_vouchd() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "init run check-config status demo --demo --help --version" -- "$cur")
        return
    fi
    case $prev in
        --key-type)
            mapfile -t COMPREPLY < <(compgen -W "ed25519 ecdsa-p256 ecdsa-p384 ecdsa-p521 rsa" -- "$cur")
            return ;;
        --passphrase-file)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return ;;
        --name | --listen | --credential | --users | --seed | --scale) return ;;
    esac
    if [[ $cur == -* ]]; then
        local options
        options=$(vouchd help --dump 2>/dev/null | awk -F '\t' -v c="vouchd $command" '$1 == c && $2 {print $2}')
        mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    fi
}
complete -o filenames -F _vouchd vouchd
