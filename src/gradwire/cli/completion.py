"""`gradwire completion`: the script that teaches a shell."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")

#: In the place of click's own. Bash cuts a line at each colon, so the pieces of an address are put
#: together again; and what is offered is quoted, as bash puts it into the line as it is.
_BASH = r"""%(complete_func)s() {
    local line=$COMP_LINE IFS=$' \t\n' response type value piece i
    local -a words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        if [[ ${#words[@]} -gt 0 && -n $piece && $line == "$piece"* ]]; then
            words[${#words[@]}-1]+=$piece
        else
            words+=("$piece")
        fi
        line=${line#*"$piece"}
    done
    response=$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) \
        %(complete_var)s=bash_complete "$1")
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$(printf %%q "$value")") ;;
        esac
    done <<< "$response"
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print what teaches a shell to complete commands, options, and the endpoints of an app.

    \b
    bash:  echo 'eval "$(gradwire completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(gradwire completion zsh)"' >> ~/.zshrc
    fish:  gradwire completion fish > ~/.config/fish/completions/gradwire.fish
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from click.shell_completion import get_completion_class

    from gradwire.cli.group import GROUP

    kind = get_completion_class(shell)
    assert kind is not None
    teacher = kind(GROUP, {}, "gradwire", "_GRADWIRE_COMPLETE")
    if shell == "bash":
        teacher.source_template = _BASH  # type: ignore[misc]
    click.echo(teacher.source())
