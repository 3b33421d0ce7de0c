# SPDX-License-Identifier: ISC
# Completion of vouch for bash: commands from here, options from the program itself.

_vouch() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local noun=${COMP_WORDS[1]-} verb=${COMP_WORDS[2]-} command verbs words=
    case $noun in
        setup) verbs='account admin ssh git completion' ;;
        recovery) verbs='new' ;;
        passkey) verbs='ls rm' ;;
        ca) verbs='init show trust rotate' ;;
        sign) verbs='user host' ;;
        cert) verbs='show check issue renew ls revoke' ;;
        krl) verbs='build show check fetch revocations status' ;;
        key) verbs='show new' ;;
        ledger) verbs='show verify' ;;
        server) verbs='set show unset' ;;
        token) verbs='new ls disable' ;;
        profile) verbs='put show ls rm' ;;
        policy) verbs='export check diff apply log' ;;
        zone) verbs='ls show add edit rm' ;;
        user) verbs='ls show add edit rm disable enable link sessions sign-out' ;;
        group) verbs='ls show add edit rm' ;;
        role) verbs='ls show add edit rm test' ;;
        access) verbs='who-can can matrix diff' ;;
        host) verbs='token ls show edit adopt refuse lock rename retire' ;;
        request) verbs='ls show cancel wait' ;;
        breakglass) verbs='seal sheet' ;;
        review) verbs='ls show done' ;;
        audit) verbs='ls search tail logins' ;;
        backup) verbs='new verify restore' ;;
        *) verbs='' ;;
    esac
    if ((COMP_CWORD == 1)); then
        words='login logout status ls explain doctor renew setup passwd recovery passkey hook ca sign cert krl key ledger server token profile policy zone user group role access host request approve deny breakglass review audit backup keygen help version'
    elif ((COMP_CWORD == 2)) && [[ $noun == help ]]; then
        words="login logout status ls explain doctor renew setup passwd recovery passkey hook ca sign cert krl key ledger server token profile policy zone user group role access host request approve deny breakglass review audit backup keygen errors $(vouch help --dump-codes 2>/dev/null)"
    elif ((COMP_CWORD == 2)) && [[ -n $verbs ]]; then
        words=$verbs
    elif [[ $noun == keygen ]]; then
        compopt -o default
        return
    else
        command="vouch $noun${verbs:+ $verb}"
        # The one noun that is a command as well: vouch request ROLE.
        [[ $noun == request && " $verbs " != *" $verb "* ]] && command='vouch request'
        [[ $command == 'vouch host token' || $command == 'vouch ca rotate' ]] && command+=" ${COMP_WORDS[3]-}"
        if ((COMP_CWORD == 3)) && [[ $cur != -* ]]; then
            case $command in
                'vouch cert issue' | 'vouch krl fetch') words='user host' ;;
                'vouch setup completion') words='bash zsh fish' ;;
                'vouch host token '*) words='new ls rm' ;;
                'vouch ca rotate '*) words='plan start advance back status' ;;
            esac
        elif ((COMP_CWORD == 4)) && [[ $cur != -* && $command == 'vouch ca rotate '* ]]; then
            words='user host'
        fi
        case $prev in
            -o | --output) words='table wide json jsonl csv name' ;;
            --color) words='auto always never' ;;
            --for) words='sshd known_hosts putty' ;;
            --format)
                words='file reg'
                [[ $noun == host ]] && words='shell cloud-init ansible token'
                ;;
            --permit | --no-permit)
                words='pty X11-forwarding agent-forwarding port-forwarding user-rc no-touch-required'
                ;;
            --type)
                words='ed25519 ecdsa-p256 ecdsa-p384 ecdsa-p521 rsa'
                [[ $noun == cert || $noun == profile ]] && words='user host'
                ;;
            --state)
                words='waiting approved denied cancelled expired taken'
                [[ $noun == host ]] && words='waiting active locked retired'
                [[ $noun == review ]] && words='open done void'
                ;;
            --kind) words='loud sealed' ;;
            --outcome) words='accepted refused' ;;
            --rows) words='users groups' ;;
            --principals) [[ $noun == zone ]] && words='role login' ;;
            --scope) words='cert:issue cert:read cert:revoke audit:read admin metrics' ;;
            --local)
                compopt -o dirnames
                return
                ;;
            *)
                [[ $cur == -* ]] && words=$(vouch help --dump 2>/dev/null |
                    awk -F '\t' -v c="$command" '($1 == c || $1 == "vouch") && $2 {print $2}')
                ;;
        esac
    fi
    if [[ -n $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    else
        compopt -o default
    fi
}

complete -F _vouch vouch
