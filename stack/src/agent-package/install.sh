#!/bin/sh
# Installs the WebXTerm agent on this machine, upgrades it, or repairs it. Everything runs from the last line, so a
# truncated download does nothing. For the options see usage, for the steps and guarantees docs/agent.md.
set -eu

default_host='@HOST@'
# Public key of the releases. The first installation stores it on the machine. Later ones need the same key, or --replace.
release_key='@RELEASE_KEY@'

usage='Usage: install.sh --token TOKEN [options]
  --token TOKEN            what "Add a machine" shows, or an API key; or VSAY_TOKEN in the environment
  --token-file FILE        a file with it, which stays out of the list of processes
  --host URL               the server (default: the one that this script came from)
  --ca-fingerprint SHA256  of the private CA of the server, where it has one
  --linux-user NAME        account that shells run as (default: the one that runs this, also by sudo); may be repeated,
                           the first is the default; "*" beside a name: any account with a login shell, but not root
  --name NAME              what people see in the list of machines (default: the host name)
  --allow-sudo             let shells gain rights
  --image                  for a golden image: each machine that boots from it enrols at its first boot
  --proxy URL              HTTP proxy on the way to the server
  --replace                take the place of another agent that is here, without asking
  --prefix FOLDER          where to install (default: /opt/vsay-agent; without root ~/.local/share/vsay-agent)
  --config FILE            the configuration file of the agent
  --wait SECONDS           how long to wait for the machine to be online (default: 30)'

line_end='
'

say() { printf '%s\n' "$*"; }
step() { printf '\n==> %s\n' "$*"; }

# Arguments: what failed, why, what to do.
die() {
  report "$reported" "$@"
  printf '\nNot installed: %s\n' "$1" >&2
  if [ -n "${2:-}" ]; then printf '  Why: %s\n' "$2" >&2; fi
  if [ -n "${3:-}" ]; then printf '  What to do: %s\n' "$3" >&2; fi
  printf '  %s\n' "${left:-Nothing on this machine was changed.}" >&2
  exit 1
}

# --- Reports to the server, for the page that shows this command. Only with a registration token, and only where TLS is verified.

# Argument: a text. Prints it as the inside of a JSON string, in ASCII.
json_text() { printf '%s' "$1" | LC_ALL=C tr '\n\t' '  ' | LC_ALL=C tr -cd ' -~' | cut -c 1-400 | sed 's/[\\"]/\\&/g'; }

# Arguments: the step, and after a failure what failed, why, what to do. A report that cannot be sent changes nothing.
report() {
  reported=$1
  if [ -z "$1" ] || [ -z "$scratch" ]; then return 0; fi
  case $token in wxt_rt_*) ;; *) return 0 ;; esac
  case $token in *[!A-Za-z0-9_-]*) return 0 ;; esac
  problem=null
  if [ -n "${2:-}" ]; then
    problem="{\"what\":\"$(json_text "$2")\",\"why\":\"$(json_text "${3:-}")\",\"remedy\":\"$(json_text "${4:-}")\"}"
  fi
  printf '{"token":"%s","step":"%s","problem":%s}' "$token" "$1" "$problem" >"$scratch/report" 2>/dev/null || return 0
  set -- "$host/api/machines/install-progress"
  if [ "$downloader" = curl ]; then
    curl -s -g --max-time 5 ${ca_file:+--cacert "$ca_file"} -H 'content-type: application/json' --data-binary "@$scratch/report" \
      -o /dev/null "$1" 2>/dev/null || true
  else
    wget -q --timeout=5 --tries=1 --max-redirect=0 ${ca_file:+--ca-certificate="$ca_file"} --header='content-type: application/json' \
      --post-file="$scratch/report" -O /dev/null "$1" 2>/dev/null || true
  fi
}

read_options() {
  token=${VSAY_TOKEN:-} host=$default_host fingerprint='' linux_user='' more_users='' any_user='' name='' allow_sudo='' proxy='' replace='' golden=''
  prefix='' config='' wait_seconds=30
  while [ $# -gt 0 ]; do
    case $1 in
      --allow-sudo) allow_sudo=1 && shift && continue ;;
      --image) golden=1 && shift && continue ;;
      --replace) replace=1 && shift && continue ;;
      --help) say "$usage" && exit 0 ;;
    esac
    [ $# -ge 2 ] || die "the option $1 is not known or has no value" '' "$usage"
    case $1 in
      --token) token=$2 ;;
      --token-file) token=$(cat -- "$2") || die "the file $2 with the token cannot be read" '' 'Check its path and its rights.' ;;
      --host) host=${2%/} ;;
      --ca-fingerprint) fingerprint=$2 ;;
      --linux-user)
        if [ "$2" = '*' ]; then any_user=1
        elif [ -z "$linux_user" ]; then linux_user=$2
        else more_users="$more_users$2$line_end"; fi ;;
      --name) name=$2 ;;
      --proxy) proxy=$2 ;;
      --prefix) prefix=$2 ;;
      --config) config=$2 ;;
      --wait) wait_seconds=$2 ;;
      *) die "the option $1 is not known" '' "$usage" ;;
    esac
    shift 2
  done
  case $host in
    https://*) ;;
    http://127.0.0.1 | http://127.0.0.1:* | http://localhost | http://localhost:* | http://\[::1\] | http://\[::1\]:*) ;;
    http://*) die "$host is plain http" 'whoever stands between could change what is installed' 'Use the https address of the server.' ;;
    *) die "$host is no address of a server" '' 'Give --host https://...' ;;
  esac
  if [ -n "$proxy" ]; then export http_proxy="$proxy" https_proxy="$proxy"; fi
}

# --- Facts of this machine.

find_platform() {
  system=$(uname -s) machine=$(uname -m)
  [ "$system" = Linux ] || die "there is no package for $system" 'packages are built for Linux' 'Run the agent from a checkout (docs/agent.md).'
  case $machine in
    x86_64 | amd64) platform=linux-x64 ;;
    aarch64 | arm64) platform=linux-arm64 ;;
    *) die "there is no package for $machine" 'packages are built for 64-bit x86 and ARM' 'Run the agent on another machine of this network.' ;;
  esac
  if [ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 32 ]; then
    die 'this is a 32-bit system' "its processor is $machine, but its programs are 32-bit" 'Install a 64-bit system.'
  fi
}

find_libc() {
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 | head -n 1 || true)
  image='Run the container image of the agent here (docs/agent.md, Containers).'
  case $libc in
    *musl*) die 'this system has musl' 'the package needs glibc 2.28 or newer' "$image" ;;
    *[0-9].[0-9]*) ;;
    *) die 'this system has no glibc' "the package needs glibc 2.28 or newer; found: ${libc:-nothing}" "$image" ;;
  esac
  libc_version=${libc##* }
  libc_minor=${libc_version#*.}
  libc_minor=${libc_minor%%[!0-9]*}
  if [ "${libc_version%%.*}" -lt 2 ] || { [ "${libc_version%%.*}" -eq 2 ] && [ "$libc_minor" -lt 28 ]; }; then
    die "glibc $libc_version is too old" 'the package needs 2.28 or newer (Debian 10, RHEL 8, Ubuntu 18.10)' "$image"
  fi
}

need_tools() {
  for tool in tar gzip sed find mktemp; do
    command -v "$tool" >/dev/null 2>&1 || die "$tool is missing" '' "Install it with the package manager of this system."
  done
  if command -v curl >/dev/null 2>&1; then downloader=curl
  elif command -v wget >/dev/null 2>&1; then downloader=wget
  else die 'neither curl nor wget is here' '' 'Install one of them.'; fi
  if command -v sha256sum >/dev/null 2>&1; then sha256() { sha256sum | cut -d ' ' -f 1; }
  elif command -v openssl >/dev/null 2>&1; then sha256() { openssl dgst -sha256 -r | cut -d ' ' -f 1; }
  else die 'sha256sum is missing' 'what is downloaded has to be checked' 'Install coreutils.'; fi
}

choose_places() {
  if [ -n "$any_user" ] && [ -z "$linux_user" ] && [ "${SUDO_USER:-root}" = root ]; then
    die "--linux-user '*' names no default account" 'it never stands for root' "Give --linux-user NAME --linux-user '*'."
  fi
  if [ "$(id -u)" -eq 0 ]; then
    linux_user=${linux_user:-${SUDO_USER:-$(id -un)}}
    links=/usr/local/bin
    default_prefix=/opt/vsay-agent
    default_config=/etc/vsay/agent.yaml
  else
    [ -n "${HOME:-}" ] || die 'HOME is not set' '' 'Run this in a login of the user.'
    linux_user=${linux_user:-$(id -un)}
    links=$HOME/.local/bin
    default_prefix=$HOME/.local/share/vsay-agent
    default_config=$HOME/.config/vsay/agent.yaml
  fi
  if [ -n "$prefix" ]; then links=$prefix/bin; fi
  prefix=${prefix:-$default_prefix}
  config=${config:-$default_config}
  case $prefix in /*) ;; *) die "$prefix is no absolute path" '' 'Give --prefix /...' ;; esac
  versions=$prefix/versions
  while IFS= read -r user; do
    [ -z "$user" ] || id -u -- "$user" >/dev/null 2>&1 ||
      die "there is no user $user on this machine" '' 'Create it, or name another with --linux-user.'
  done <<END
$linux_user
$more_users
END
}

# As root, rejects a folder that other users can change, because the agent runs from it as root.
require_roots_own() {
  [ "$(id -u)" -eq 0 ] || return 0
  at=$prefix
  while :; do
    if [ -e "$at" ]; then
      spoilt=$(find "$at" -prune \( ! -user 0 -o -perm -0002 ! -perm -1000 -o -perm -0020 ! -group 0 \) -print)
      [ -z "$spoilt" ] || die "others than root may write $at" 'the agent runs as root, and whoever can change it becomes root' "Run: chown root:root $at && chmod go-w $at"
    fi
    [ "$at" != / ] || break
    at=$(dirname -- "$at")
  done
}

# --- Existing installation.

installed_host() { sed -n 's/^"\{0,1\}host"\{0,1\}: *"\{0,1\}\([^",]*\).*/\1/p' "$config" 2>/dev/null | head -n 1; }

require_consent() {
  question=''
  link=$links/vsay-agent
  if [ -e "$link" ] || [ -L "$link" ]; then
    case $(readlink "$link" 2>/dev/null || echo "$link") in
      "$prefix"/*) ;;
      *) question="$link is of another installation of the agent." ;;
    esac
  fi
  unit=/etc/systemd/system/vsay-agent.service
  if [ "$config" = /etc/vsay/agent.yaml ] && [ -f "$unit" ] && ! grep -q "^ExecStart=\"$prefix/" "$unit"; then
    question='A service runs an agent that was installed in another way (from a checkout).'
  fi
  before=$(installed_host)
  if [ -n "$before" ] && [ "$before" != "$host" ]; then
    question="This machine belongs to $before. It would leave it for $host."
  fi
  [ -n "$question" ] && [ -z "$replace" ] || return 0
  say "$question"
  # In a subshell, because a failed redirection ends a POSIX shell.
  (: <>/dev/tty) 2>/dev/null || die 'another agent is here' "$question" 'Run this again with --replace.'
  printf 'Go on and replace it? [y/N] ' >/dev/tty
  read -r answer </dev/tty || answer=''
  case $answer in y | Y | yes) ;; *) die 'another agent is here' 'it was not to be replaced' 'To replace it, run this again.' ;; esac
}

# --- Downloads. From loopback, or by TLS with a public CA or the private CA of the given fingerprint.

# Arguments: URL, file. Sets status (000: no response).
fetch() {
  if [ "$downloader" = curl ]; then
    status=$(curl -sS -g --connect-timeout 20 --speed-limit 1 --speed-time 60 ${insecure:+--insecure} ${ca_file:+--cacert "$ca_file"} \
      -o "$2" -w '%{http_code}' "$1" 2>"$scratch/error") || { [ "$status" = 200 ] && status=000; status=${status:-000}; }
  else
    wget -S --timeout=60 --tries=1 --max-redirect=0 ${insecure:+--no-check-certificate} ${ca_file:+--ca-certificate="$ca_file"} \
      -O "$2" "$1" 2>"$scratch/error" && status=200 ||
      status=$(sed -n 's/^ *HTTP\/[0-9.]* \([0-9]*\).*/\1/p' "$scratch/error" | tail -n 1)
    status=${status:-000}
  fi
}

why_no_answer() { tail -n 1 "$scratch/error" | sed 's/^curl: //'; }

# Uses only the first certificate, so a certificate that is appended to it is not trusted.
trust_private_ca() {
  [ -n "$fingerprint" ] || return 0
  wanted=$(printf '%s' "$fingerprint" | tr 'A-F' 'a-f' | sed 's/^sha256://; s/://g')
  insecure=1
  fetch "$host/.well-known/webxterm" "$scratch/well-known"
  insecure=''
  [ "$status" = 200 ] || die "$host cannot be asked" "$(why_no_answer)" 'Check the address, the network and the proxy (--proxy).'
  sed -n 's/.*"ca":"\([^"]*\)".*/\1/p' "$scratch/well-known" | sed 's/\\n/\
/g' | sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/{p;/END CERTIFICATE/q;}' >"$scratch/ca.pem"
  found=$(sed '/-----/d' "$scratch/ca.pem" | base64 -d 2>/dev/null | sha256)
  [ "$found" = "$wanted" ] || die "$host has another private CA than this command names" "its fingerprint is sha256:$found, not sha256:$wanted: someone may stand between" 'Copy the command again from the page, and ask the operator of the server for the fingerprint.'
  fetch "$host/.well-known/webxterm" "$scratch/well-known"
  # The server may have a certificate of a public CA, while the hubs have certificates of the private CA.
  if [ "$status" != 200 ]; then ca_file=$scratch/ca.pem; fi
}

field() { sed -n "s/^ \"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" "$work/manifest.json" | head -n 1; }
package_line() { grep "\"platform\":\"$platform\"" "$work/manifest.json" | head -n 1; }
of_package() { package_line | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

fetch_manifest() {
  fetch "$host/agent/manifest.json" "$work/manifest.json"
  [ "$status" = 200 ] || return 1
  case $(head -c 1 "$work/manifest.json") in
    '{') ;;
    *) die "what answers is not $host" 'it answers with a page: a network that asks for a sign-in (captive portal) or a proxy' 'Sign in to the network, or give --proxy, and run this again.' ;;
  esac
  fetch "$host/agent/manifest.json.sig" "$work/manifest.json.sig"
  [ "$status" = 200 ]
}

get_manifest() {
  asked='' tries=0
  while :; do
    if fetch_manifest; then
      [ -z "$(package_line)" ] || return 0
      if [ -z "$asked" ]; then
        fetch "$host/agent/wanted/$platform" "$work/wanted"
        [ "$status" = 202 ] || die "$host has no package for $platform" '' 'Ask its operator to run: npm run package:agent'
        asked=1 && say "The server builds its first package for $platform; this takes about a minute."
      fi
    else
      case $status in
        000) die "$host cannot be reached" "$(why_no_answer)" 'Check the address, the network, the clock, and the proxy (--proxy). With a private CA: --ca-fingerprint.' ;;
        407) die 'the proxy requires a password' "it answers 407 for $host" 'Give --proxy http://USER:PASSWORD@HOST:PORT.' ;;
        503) if [ "$tries" -eq 0 ]; then say 'The server is still building the package; waiting.'; fi ;;
        *) die "$host has no packages of the agent" "it answers $status for /agent/manifest.json" 'Check that --host is the address at which people open WebXTerm.' ;;
      esac
    fi
    tries=$((tries + 1))
    [ "$tries" -lt 120 ] || die 'the server has not built the package within 10 minutes' '' 'Ask its operator to look at its log, then run this again.'
    sleep 5
  done
}

# --- Verification. OpenSSL 3 checks the signature before any code of the package runs. Without OpenSSL 3, the Node of the package
# checks it, whose hash is in the manifest.

verify_manifest() {
  printf '%s\n' "$release_key" >"$work/release-key.pem"
  if [ -f "$prefix/release-key.pem" ] && ! cmp -s "$prefix/release-key.pem" "$work/release-key.pem" && [ -z "$replace" ]; then
    die 'the release is signed with another key than the agent that is here' "either the server was set up anew, or it is not the server" 'If its operator says that it was set up anew, run this again with --replace.'
  fi
  if [ -f "$prefix/sequence" ] && [ -z "$replace" ] && [ "$(field sequence)" -lt "$(cat "$prefix/sequence")" ]; then
    die 'the release is older than the one that is here' "it is number $(field sequence), installed is $(cat "$prefix/sequence")" 'Ask the operator of the server. To install it in spite of that: --replace.'
  fi
  expires=$(field expires | tr -cd 0-9) now=$(date -u +%Y%m%d%H%M%S)
  released=$(field released | tr -cd 0-9)
  [ "${now%??????????}" -ge "${released%??????????}" ] || die 'the clock of this machine is wrong' "it says $(date -u), which is before the release" 'Set the clock (timedatectl set-ntp true), then run this again.'
  [ "$now" -le "$expires" ] || die "the release has expired on $(field expires)" 'nobody has signed it since' 'Ask the operator of the server to start it again, which publishes the package again.'
  if openssl pkeyutl -help 2>&1 | grep -q -- -rawin; then
    openssl pkeyutl -verify -pubin -inkey "$work/release-key.pem" -rawin -in "$work/manifest.json" -sigfile "$work/manifest.json.sig" >/dev/null 2>&1 ||
      die 'the signature of the release is wrong' 'it is not of the key that this script brings: a change on the way, or a release that was being replaced' 'Run this again. If it happens again, contact the operator of the server.'
  fi
}

get_package() {
  size=$(of_package size) hash=$(of_package sha256) path=$(of_package path) version=$(field version)
  case $version in '' | *[!0-9A-Za-z.+-]*) die 'the manifest names no version' '' 'Run this again.' ;; esac
  fetch "$host/agent/$path" "$work/package.tar.gz"
  [ "$status" = 200 ] || die 'the package could not be downloaded' "$(why_no_answer) (answer $status)" 'Check the network and the free space, then run this again.'
  found=$(sha256 <"$work/package.tar.gz")
  [ "$found" = "$hash" ] || die 'the package is not what was signed' "it has $(wc -c <"$work/package.tar.gz") of $size bytes and another hash: a cut download, or a change on the way" 'Run this again. If it happens again, contact the operator of the server.'
}

unpack() {
  mkdir "$work/new"
  tar -xzf "$work/package.tar.gz" -C "$work/new" --no-same-owner 2>"$scratch/error" || die 'the package could not be unpacked' "$(tail -n 1 "$scratch/error")" "Free some space below $prefix, then run this again."
  rm "$work/package.tar.gz"
  "$work/new/bin/node" --version >/dev/null 2>"$scratch/error" || die 'the Node of the package does not run on this machine' "$(tail -n 1 "$scratch/error")" 'Run the container image of the agent (docs/agent.md, Containers).'
  "$work/new/bin/node" --disable-sigusr1 "$work/new/lib/verify-release.js" "$work/manifest.json" "$work/manifest.json.sig" "$work/release-key.pem" 2>"$scratch/error" ||
    die 'the release is not valid' "$(tail -n 1 "$scratch/error")" 'Run this again. If it happens again, contact the operator of the server.'
}

# --- Folders.

# For downloads before there is a place for the installation. Without a folder for temporary files, the place itself is used.
make_scratch() {
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  scratch=$(mktemp -d 2>/dev/null) || scratch=''
  if [ -n "$scratch" ]; then trust_private_ca; fi
}

make_work() {
  require_roots_own
  umask 022
  new_prefix=''
  if [ ! -d "$prefix" ]; then new_prefix=1; fi
  mkdir -p "$versions" 2>/dev/null || die "$versions cannot be made" "$(mkdir -p "$versions" 2>&1 | tail -n 1)" 'Give another folder with --prefix, or make the file system writable.'
  free=$(df -Pk "$versions" | awk 'NR == 2 { print $4 }')
  [ "${free:-0}" -ge 200000 ] || die "there is too little space below $prefix" "$((${free:-0} / 1024)) MB are free, 200 are needed" 'Free some space, or give another folder with --prefix.'
  # Removes the files of an installation that was killed.
  for left_over in "$versions"/.work.*; do
    pid=${left_over##*/.work.}
    if [ -d "$left_over" ] && ! kill -0 "${pid%%.*}" 2>/dev/null; then rm -rf "$left_over"; fi
  done
  work=$(mktemp -d "$versions/.work.$$.XXXXXX") || die "$versions cannot be written" '' 'Give another folder with --prefix.'
  printf '#!/bin/sh\nexit 0\n' >"$work/program" && chmod 755 "$work/program"
  "$work/program" 2>/dev/null || die "programs cannot run from $prefix" 'its file system is mounted noexec' 'Give a folder on another file system with --prefix.'
  if [ -z "$scratch" ]; then scratch=$work && trust_private_ca; fi
}

clean_up() {
  if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
  if [ -n "$work" ]; then rm -rf "$work"; fi
  if [ -n "$new_prefix" ] && [ ! -e "$prefix/current" ]; then rm -rf "$prefix"; fi
}

point() { # LINK TARGET: at once or not at all
  rm -f "$1.new"
  ln -s "$2" "$1.new"
  mv -Tf "$1.new" "$1" 2>/dev/null || { rm -f "$1.new" && ln -sfn "$2" "$1"; }
}

put_in_place() {
  previous=$(readlink "$prefix/current" 2>/dev/null || true)
  if [ -d "$versions/$version" ]; then mv "$versions/$version" "$work/replaced"; fi
  mv "$work/new" "$versions/$version"
  point "$prefix/current" "versions/$version"
  mkdir -p "$links"
  point "$links/vsay-agent" "$prefix/current/bin/vsay-agent"
  agent=$prefix/current/bin/vsay-agent
}

take_back() {
  if [ -n "$previous" ] && [ -d "$prefix/$previous" ]; then
    if [ -d "$work/replaced" ]; then rm -rf "${versions:?}/$version" && mv "$work/replaced" "$versions/$version"; fi
    point "$prefix/current" "$previous"
    if [ "$previous" != "versions/$version" ]; then rm -rf "${versions:?}/$version"; fi
    left='The agent that was here goes on as it was.'
  else
    rm -f "$links/vsay-agent" "$prefix/current"
    rm -rf "${versions:?}/$version"
    left='The package was taken away again.'
  fi
}

keep_release() {
  cp "$work/release-key.pem" "$prefix/release-key.pem"
  cp "$work/manifest.json" "$prefix/release.json"
  field sequence >"$prefix/sequence"
  if [ -n "$token" ]; then printf '%s' "$token" | sha256 >"$prefix/token.sha256"; fi
  # Keeps this version and the previous one.
  for old in "$versions"/*; do
    case ${old#"$prefix"/} in "versions/$version" | "$previous") ;; *) rm -rf "$old" ;; esac
  done
}

# --- The agent.

is_configured() {
  [ -f "$config" ] && [ "$(installed_host)" = "$host" ] || return 1
  [ -n "$token" ] || return 0
  [ "$(cat "$prefix/token.sha256" 2>/dev/null)" = "$(printf '%s' "$token" | sha256)" ]
}

configure() {
  if is_configured; then
    say 'It is configured already.'
    if is_running; then
      [ "$previous" != "versions/$version" ] || return 0
      if [ -z "$config_service" ]; then stop_running; fi
    fi
    [ -n "$config_service" ] || return 0
    set -- install-service
  else
    [ -n "$token" ] || { take_back && die 'there is no token' '' 'Copy the command from the page ("Add a machine"), or give --token.'; }
    set -- configure --host "$host" --linux-user "$linux_user"
    while IFS= read -r user; do
      if [ -n "$user" ]; then set -- "$@" --linux-user "$user"; fi
    done <<END
$more_users
END
    if [ -n "$any_user" ]; then set -- "$@" --linux-user '*'; fi
    if [ -n "$name" ]; then set -- "$@" --name "$name"; fi
    if [ -n "$allow_sudo" ]; then set -- "$@" --allow-sudo; fi
    if [ -n "$fingerprint" ]; then set -- "$@" --ca-fingerprint "$fingerprint"; fi
    if [ -n "$proxy" ]; then set -- "$@" --proxy "$proxy"; fi
    if [ -n "$golden" ]; then set -- "$@" --image; fi
  fi
  # Not as an option, because every user can see the options of a process.
  if VSAY_TOKEN=$token "$agent" "$@" --config "$config" 2>"$scratch/error"; then cat "$scratch/error" >&2
  else
    take_back
    die 'the agent could not be configured' "$(cat "$scratch/error")" 'Mend that, then run this again; for a new token: the page "Add a machine".'
  fi
}

# Same check as canInstall of the agent (clients/agent/src/service/systemd.ts).
find_service() {
  config_service=''
  [ -d /run/systemd/system ] && [ "$config" = "$default_config" ] || return 0
  if [ "$(id -u)" -eq 0 ] || [ -d "/run/user/$(id -u)/systemd" ]; then config_service=1; fi
}

is_running() { "$agent" status --config "$config" >"$work/status" 2>&1 || grep -q '^Agent: *conn' "$work/status"; }

# Stops the agent of the previous version if no service does so. Its shells end.
stop_running() {
  pid=$(sed -n 's/^Agent:.*(process \([0-9]*\)).*/\1/p' "$work/status")
  if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
  tries=0
  while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 10 ]; do sleep 1; tries=$((tries + 1)); done
}

start_without_service() {
  if [ -n "$config_service" ] || is_running; then return 0; fi
  # In its own session. The status of the agent reports its errors.
  if command -v setsid >/dev/null 2>&1; then setsid "$agent" start --config "$config" </dev/null >/dev/null 2>&1 &
  else nohup "$agent" start --config "$config" </dev/null >/dev/null 2>&1 & fi
  say 'No systemd runs here, so the agent was started in the background. For a start with the machine, have your supervisor run:'
  say "  $links/vsay-agent start --config $config"
}

wait_until_online() {
  waited=0
  while ! "$agent" status --config "$config" >"$work/status" 2>&1; do
    if [ "$waited" -ge "$wait_seconds" ]; then
      sed 's/^/  /' "$work/status"
      report connecting "the agent is installed, but not online after $wait_seconds s" "$(sed -n 's/^Problem: *//p' "$work/status")" \
        'It goes on trying. On the machine, run: vsay-agent status'
      say "The agent is installed, but not online after $wait_seconds s. It goes on trying; see: vsay-agent status"
      exit 4
    fi
    sleep 1
    waited=$((waited + 1))
  done
  agent_id=$(sed -n 's/^Id: *\([^ ]*\).*/\1/p' "$work/status")
}

vsay_install() {
  started=$(date +%s)
  insecure='' ca_file='' scratch='' work='' new_prefix='' reported=''
  read_options "$@"
  step 'Looking at this machine'
  need_tools
  make_scratch
  report checking
  find_platform
  find_libc
  choose_places
  require_consent
  say "$platform, $libc; the agent goes to $prefix, shells run as $linux_user"
  make_work
  step "Downloading the agent from $host"
  report downloading
  get_manifest
  verify_manifest
  get_package
  step "Installing version $version"
  report installing
  unpack
  put_in_place
  step 'Configuring'
  report configuring
  find_service
  configure
  keep_release
  if [ -n "$golden" ]; then say 'The image is ready.' && return 0; fi
  step 'Waiting until this machine is online'
  report connecting
  start_without_service
  wait_until_online
  say "Online after $(($(date +%s) - started)) s. Its terminal: $host/terminal/$agent_id"
}

vsay_install "$@"
