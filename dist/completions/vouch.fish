# SPDX-License-Identifier: ISC
# Completion of vouch for fish: commands from here, options from the program itself.

function __vouch_words
    commandline -opc
end

function __vouch_count
    test (count (__vouch_words)) -eq $argv[1]
end

function __vouch_noun
    set -l words (__vouch_words)
    test (count $words) -ge 2; and contains -- $words[2] $argv
end

function __vouch_options
    set -l words (__vouch_words)
    set -l command vouch $words[2..3]
    contains -- "$command" 'vouch host token' 'vouch ca rotate'; and set command $command $words[4]
    set -l name (string join ' ' -- $command)
    vouch help --dump 2>/dev/null | while read -d \t -l c option
        if test -n "$option"; and contains -- "$c" vouch "vouch $words[2]" "$name"
            string match -q -- '--*' $option; and echo $option
        end
    end
end

complete -c vouch -n '__vouch_count 1' -f -a 'login logout status ls explain doctor renew setup passwd recovery passkey hook ca sign cert krl key ledger server token profile policy zone user group role access host request approve deny breakglass review audit backup keygen help version'
complete -c vouch -n '__vouch_count 2; and __vouch_noun setup' -f -a 'account admin ssh git completion'
complete -c vouch -n '__vouch_count 2; and __vouch_noun recovery' -f -a 'new'
complete -c vouch -n '__vouch_count 2; and __vouch_noun passkey' -f -a 'ls rm'
complete -c vouch -n '__vouch_count 3; and __vouch_noun setup; and contains completion (__vouch_words)' -f -a 'bash zsh fish'
complete -c vouch -n '__vouch_count 2; and __vouch_noun ca' -f -a 'init show trust rotate'
complete -c vouch -n '__vouch_count 3; and __vouch_noun ca; and contains rotate (__vouch_words)' -f -a 'plan start advance back status'
complete -c vouch -n '__vouch_count 4; and __vouch_noun ca; and contains rotate (__vouch_words)' -f -a 'user host'
complete -c vouch -n '__vouch_count 2; and __vouch_noun sign' -f -a 'user host'
complete -c vouch -n '__vouch_count 2; and __vouch_noun cert' -f -a 'show check issue renew ls revoke'
complete -c vouch -n '__vouch_count 2; and __vouch_noun krl' -f -a 'build show check fetch revocations status'
complete -c vouch -n '__vouch_count 2; and __vouch_noun key' -f -a 'show new'
complete -c vouch -n '__vouch_count 2; and __vouch_noun ledger' -f -a 'show verify'
complete -c vouch -n '__vouch_count 2; and __vouch_noun server' -f -a 'set show unset'
complete -c vouch -n '__vouch_count 2; and __vouch_noun token' -f -a 'new ls disable'
complete -c vouch -n '__vouch_count 2; and __vouch_noun profile' -f -a 'put show ls rm'
complete -c vouch -n '__vouch_count 2; and __vouch_noun policy' -f -a 'export check diff apply log'
complete -c vouch -n '__vouch_count 2; and __vouch_noun zone' -f -a 'ls show add edit rm'
complete -c vouch -n '__vouch_count 2; and __vouch_noun user' -f -a 'ls show add edit rm disable enable link sessions sign-out'
complete -c vouch -n '__vouch_count 2; and __vouch_noun group' -f -a 'ls show add edit rm'
complete -c vouch -n '__vouch_count 2; and __vouch_noun role' -f -a 'ls show add edit rm test'
complete -c vouch -n '__vouch_count 2; and __vouch_noun access' -f -a 'who-can can matrix diff'
complete -c vouch -n '__vouch_count 2; and __vouch_noun host' -f -a 'token ls show edit adopt refuse lock rename retire'
complete -c vouch -n '__vouch_count 3; and __vouch_noun host; and contains token (__vouch_words)' -f -a 'new ls rm'
complete -c vouch -n '__vouch_count 2; and __vouch_noun request' -f -a 'ls show cancel wait'
complete -c vouch -n '__vouch_count 2; and __vouch_noun breakglass' -f -a 'seal sheet'
complete -c vouch -n '__vouch_count 2; and __vouch_noun review' -f -a 'ls show done'
complete -c vouch -n '__vouch_count 2; and __vouch_noun audit' -f -a 'ls search tail logins'
complete -c vouch -n '__vouch_count 2; and __vouch_noun backup' -f -a 'new verify restore'
complete -c vouch -n '__vouch_count 2; and __vouch_noun help' -f -a 'login logout status ls explain doctor renew setup passwd recovery passkey hook ca sign cert krl key ledger server token profile policy zone user group role access host request approve deny breakglass review audit backup keygen errors'
complete -c vouch -n 'string match -q -- "-*" (commandline -ct); and not __vouch_noun keygen' -f -a '(__vouch_options)'
complete -c vouch -n '__vouch_noun login logout status ls explain doctor renew setup passwd recovery passkey hook ca sign cert krl key ledger server token profile policy zone user group role access host request approve deny breakglass review audit backup' -l color -x -a 'auto always never'
complete -c vouch -n '__vouch_noun login logout status ls explain doctor renew setup passwd recovery passkey hook ca sign cert krl key ledger server token profile policy zone user group role access host request approve deny breakglass review audit backup' -s o -l output -x -a 'table wide json jsonl csv name'
complete -c vouch -n '__vouch_noun ca' -l for -x -a 'sshd known_hosts putty'
complete -c vouch -n '__vouch_noun ca' -l format -x -a 'file reg'
complete -c vouch -n '__vouch_noun ca key' -l type -x -a 'ed25519 ecdsa-p256 ecdsa-p384 ecdsa-p521 rsa'
complete -c vouch -n '__vouch_noun cert profile' -l type -x -a 'user host'
complete -c vouch -n '__vouch_noun sign' -l permit -x -a 'pty X11-forwarding agent-forwarding port-forwarding user-rc no-touch-required'
complete -c vouch -n '__vouch_noun sign' -l no-permit -x -a 'pty X11-forwarding agent-forwarding port-forwarding user-rc no-touch-required'
complete -c vouch -n '__vouch_count 3; and __vouch_noun cert; and contains issue (__vouch_words)' -f -a 'user host'
complete -c vouch -n '__vouch_count 3; and __vouch_noun krl; and contains fetch (__vouch_words)' -f -a 'user host'
complete -c vouch -n '__vouch_noun token' -l scope -x -a 'cert:issue cert:read cert:revoke audit:read admin metrics'
complete -c vouch -n '__vouch_noun host' -l state -x -a 'waiting active locked retired'
complete -c vouch -n '__vouch_noun host' -l format -x -a 'shell cloud-init ansible token'
complete -c vouch -n '__vouch_noun audit' -l outcome -x -a 'accepted refused'
complete -c vouch -n '__vouch_noun access' -l rows -x -a 'users groups'
complete -c vouch -n '__vouch_noun request' -l state -x -a 'waiting approved denied cancelled expired taken'
complete -c vouch -n '__vouch_noun review' -l state -x -a 'open done void'
complete -c vouch -n '__vouch_noun review' -l kind -x -a 'loud sealed'
complete -c vouch -n '__vouch_noun zone' -l principals -x -a 'role login'
