{{- /* The name of everything in this release. */ -}}
{{- define "sifhub.name" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- trunc 52 $name | trimSuffix "-" -}}
{{- end }}

{{- /* The labels that never change. */ -}}
{{- define "sifhub.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sifhub.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "sifhub.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "sifhub.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "sifhub.name" .) "default" .Values.serviceAccount.create) -}}
{{- end }}

{{- /* The folder in which the pods find the secrets, each in a file named like its setting. */ -}}
{{- define "sifhub.secretsFolder" }}/run/secrets/sifhub{{ end }}

{{- /*
What the values come to, as JSON:
  toml       sifhub.toml, without secrets: their `_file` keys point to the folder of secrets
  secrets    the secrets that this chart keeps, by setting
  stateless  whether everything that must last is outside of data_dir
*/ -}}
{{- define "sifhub.plan" -}}
{{- $existing := .Values.existingSecrets -}}
{{- $config := deepCopy .Values.config -}}
{{- include "sifhub.whole" $config -}}
{{- $secrets := dict -}}
{{- range $setting := list "auth.secret" "database.url" "metrics.token" "storage.s3.secret_access_key" -}}
  {{- $path := splitList "." $setting -}}
  {{- $section := $config -}}
  {{- range initial $path }}{{ $section = get $section . | default dict }}{{ end -}}
  {{- $key := last $path -}}
  {{- $file := printf "%s_file" $key -}}
  {{- $value := get $section $key -}}
  {{- if gt (len (compact (list $value (get $section $file) (get $existing $setting)))) 1 -}}
    {{- fail (printf "%s is given more than once: keep one of config.%s, config.%s_file and existingSecrets" $setting $setting $setting) -}}
  {{- end -}}
  {{- if $value }}{{ $_ := set $secrets $setting $value }}{{ end -}}
  {{- if or $value (get $existing $setting) -}}
    {{- $patch := dict $file (printf "%s/%s" (include "sifhub.secretsFolder" $) $setting) -}}
    {{- range reverse (initial $path) }}{{ $patch = dict . $patch }}{{ end -}}
    {{- $_ := unset $section $key -}}
    {{- $_ := mergeOverwrite $config $patch -}}
  {{- end -}}
{{- end -}}
{{- $missing := include "sifhub.unshared" (list $config $secrets) -}}
{{- if and $missing (gt (int .Values.replicas) 1) -}}
  {{- fail (printf "replicas: %d would not share what they keep; also set %s" (int .Values.replicas) $missing) -}}
{{- end -}}
{{- dict "toml" (toToml $config) "secrets" $secrets "stateless" (not $missing) | toJson -}}
{{- end }}

{{- /*
What keeps replicas from sharing everything; empty if nothing does. A database URL that is in a file or in an existing Secret
is taken for one of PostgreSQL: one of SQLite is no secret.
*/ -}}
{{- define "sifhub.unshared" -}}
{{- $config := index . 0 -}}
{{- $url := get (index . 1) "database.url" -}}
{{- $missing := list -}}
{{- if or (not (dig "database" "url_file" "" $config)) (hasPrefix "sqlite:" $url) -}}
  {{- $missing = append $missing "config.database.url to a PostgreSQL URL" -}}
{{- end -}}
{{- if ne (dig "storage" "backend" "fs" $config) "s3" -}}
  {{- $missing = append $missing "config.storage.backend to s3" -}}
{{- end -}}
{{- if not (dig "auth" "secret_file" "" $config) -}}
  {{- $missing = append $missing "config.auth.secret" -}}
{{- end -}}
{{- join ", " $missing -}}
{{- end }}

{{- /* Makes whole numbers again of those that YAML turned into floating-point ones, in place. No setting is a fraction. */ -}}
{{- define "sifhub.whole" -}}
{{- $table := . -}}
{{- range $key, $value := $table -}}
  {{- if kindIs "map" $value }}{{ include "sifhub.whole" $value }}
  {{- else if kindIs "float64" $value }}{{ $_ := set $table $key (int64 $value) }}
  {{- end -}}
{{- end -}}
{{- end }}

{{- /* The port that the server listens on. */ -}}
{{- define "sifhub.port" }}{{ regexFind "[0-9]+$" .Values.config.http.listen }}{{ end }}

{{- /* The port of the numbers for Prometheus, if they have one of their own. */ -}}
{{- define "sifhub.metricsPort" }}{{ regexFind "[0-9]+$" (dig "metrics" "listen" "" .Values.config) }}{{ end }}

{{- /* Seconds until a pod that was told to stop is killed: http.drain_timeout and 30 more. */ -}}
{{- define "sifhub.grace" -}}
{{- $drain := required "config.http.drain_timeout tells how long a pod may take to stop; keep it" .Values.config.http.drain_timeout -}}
{{- $milliseconds := get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000) (regexFind "[a-z]+" $drain) -}}
{{- add 30 (div (add 999 (mul (regexFind "[0-9]+" $drain | int64) $milliseconds)) 1000) -}}
{{- end }}
