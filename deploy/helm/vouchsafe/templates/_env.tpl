{{/* The environment of processes: what is the same for all is in a ConfigMap, secrets are files under /etc/vouchsafe (`NAME_FILE`). */}}

{{- define "vouchsafe.configData" -}}
VOUCHSAFE_PROFILE: production
VOUCHSAFE_LOG_LEVEL: {{ .Values.logLevel }}
{{- with .Values.tracing.endpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
OTEL_TRACES_SAMPLER_ARG: {{ $.Values.tracing.sampleRatio | quote }}
{{- end }}
{{- if eq .Values.form "distributed" }}
VOUCHSAFE_NAMESPACE: {{ first .Values.namespaces }}
VOUCHSAFE_RPC_HOST: 0.0.0.0
VOUCHSAFE_RPC_PORT: "7000"
VOUCHSAFE_RPC_TARGETS: {{ printf "*=dns:///%s-*.%s.svc:7000" (include "vouchsafe.fullname" .) .Release.Namespace | quote }}
VOUCHSAFE_PROBE_HOST: 0.0.0.0
VOUCHSAFE_PROBE_PORT: "8081"
VOUCHSAFE_KAFKA_BROKERS: {{ join "," .Values.kafka.brokers | quote }}
VOUCHSAFE_MONGO_DATABASE: {{ .Values.mongo.database }}
# Made by the job before, or by the first process that lacks them.
VOUCHSAFE_MONGO_INDEXES: {{ ternary "check" "apply" .Values.jobs.indexes.enabled }}
# Not ready, then this long until no call is taken: endpoints and load balancers have noticed.
VOUCHSAFE_DRAIN_DELAY_MS: "5000"
{{- else }}
VOUCHSAFE_NAMESPACES: {{ join "," .Values.namespaces | quote }}
VOUCHSAFE_HOST: 0.0.0.0
VOUCHSAFE_HTTP_PORT: "8080"
VOUCHSAFE_GRPC_PORT: "9090"
{{- end }}
{{- range $name, $value := .Values.env }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* Where a service's secrets lie. Takes {root, component, vault, gateway}. */}}
{{- define "vouchsafe.secretEnv" -}}
{{- $kafka := .root.Values.kafka -}}
{{- if $kafka.tls }}
- { name: VOUCHSAFE_KAFKA_TLS_CA, value: /etc/vouchsafe/kafka/ca.crt }
{{- end }}
{{- with $kafka.sasl }}
- { name: VOUCHSAFE_KAFKA_SASL_MECHANISM, value: {{ . }} }
- { name: VOUCHSAFE_KAFKA_SASL_USER_FILE, value: /etc/vouchsafe/kafka/username }
- { name: VOUCHSAFE_KAFKA_SASL_PASSWORD_FILE, value: /etc/vouchsafe/kafka/password }
{{- end }}
- { name: VOUCHSAFE_RPC_TLS_CA, value: /etc/vouchsafe/rpc/ca.crt }
- { name: VOUCHSAFE_RPC_TLS_CERT, value: /etc/vouchsafe/rpc/tls.crt }
- { name: VOUCHSAFE_RPC_TLS_KEY, value: /etc/vouchsafe/rpc/tls.key }
- { name: VOUCHSAFE_SIGNING_KEY, value: /etc/vouchsafe/signing/signing.pem }
- { name: VOUCHSAFE_TRUSTED_KEYS, value: /etc/vouchsafe/trusted/trusted.json }
{{- if .gateway }}
- { name: VOUCHSAFE_HOST, value: 0.0.0.0 }
- { name: VOUCHSAFE_HTTP_PORT, value: "8080" }
- { name: VOUCHSAFE_GRPC_PORT, value: "9090" }
- { name: VOUCHSAFE_TLS_CERT, value: /etc/vouchsafe/tls/tls.crt }
- { name: VOUCHSAFE_TLS_KEY, value: /etc/vouchsafe/tls/tls.key }
{{- else }}
- { name: VOUCHSAFE_EVENT_STORE_FILE, value: /etc/vouchsafe/event-store/url }
- { name: VOUCHSAFE_MONGO_URI_FILE, value: /etc/vouchsafe/mongo/url }
{{- end }}
{{- if .vault }}
{{- $kms := .root.Values.vault.kms }}
{{- if $kms.address }}
- { name: VOUCHSAFE_KMS_ADDRESS, value: {{ $kms.address | quote }} }
- { name: VOUCHSAFE_KMS_MOUNT, value: {{ $kms.mount | quote }} }
- { name: VOUCHSAFE_KMS_KEY, value: {{ $kms.key | quote }} }
- { name: VOUCHSAFE_KMS_TOKEN_FILE, value: /etc/vouchsafe/vault/token }
{{- with $kms.namespace }}
- { name: VOUCHSAFE_KMS_NAMESPACE, value: {{ . | quote }} }
{{- end }}
{{- else }}
- { name: VOUCHSAFE_VAULT_SECRET_FILE, value: /etc/vouchsafe/vault/vault.key }
{{- end }}
{{- end }}
{{- end -}}

{{- define "vouchsafe.secretMounts" -}}
- { name: kafka, mountPath: /etc/vouchsafe/kafka, readOnly: true }
- { name: rpc, mountPath: /etc/vouchsafe/rpc, readOnly: true }
- { name: signing, mountPath: /etc/vouchsafe/signing, readOnly: true }
- { name: trusted, mountPath: /etc/vouchsafe/trusted, readOnly: true }
{{- if .gateway }}
- { name: tls, mountPath: /etc/vouchsafe/tls, readOnly: true }
{{- else }}
- { name: event-store, mountPath: /etc/vouchsafe/event-store, readOnly: true }
- { name: mongo, mountPath: /etc/vouchsafe/mongo, readOnly: true }
{{- end }}
{{- if .vault }}
- { name: vault, mountPath: /etc/vouchsafe/vault, readOnly: true }
{{- end }}
{{- end -}}

{{- define "vouchsafe.secretVolumes" -}}
- { name: kafka, secret: { secretName: {{ .root.Values.kafka.secretName }}-{{ .component }}, defaultMode: 0440 } }
- { name: rpc, secret: { secretName: {{ .root.Values.rpc.tlsSecretName }}-{{ .component }}, defaultMode: 0440 } }
- { name: signing, secret: { secretName: {{ .root.Values.keys.signingSecretName }}-{{ .component }}, defaultMode: 0440 } }
- { name: trusted, secret: { secretName: {{ .root.Values.keys.trustedSecretName }}, defaultMode: 0444 } }
{{- if .gateway }}
- { name: tls, secret: { secretName: {{ .root.Values.tls.secretName }}, defaultMode: 0440 } }
{{- else }}
- { name: event-store, secret: { secretName: {{ .root.Values.eventStore.secretName }}-{{ .component }}, defaultMode: 0440 } }
- { name: mongo, secret: { secretName: {{ .root.Values.mongo.secretName }}-{{ .component }}, defaultMode: 0440 } }
{{- end }}
{{- if .vault }}
{{- $vault := .root.Values.vault }}
- { name: vault, secret: { secretName: {{ ternary (printf "%s-%s" $vault.kms.tokenSecretName .component) $vault.secretName (ne $vault.kms.address "") }}, defaultMode: 0440 } }
{{- end }}
{{- end -}}
