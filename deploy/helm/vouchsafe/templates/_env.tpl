{{/* The environment of processes: what is the same for all is in a ConfigMap, secrets are files under /etc/vouchsafe. */}}

{{- define "vouchsafe.configData" -}}
VOUCHSAFE_PROFILE: production
VOUCHSAFE_LOG_LEVEL: {{ .Values.logLevel }}
VOUCHSAFE_NAMESPACES: {{ join "," .Values.namespaces | quote }}
VOUCHSAFE_HOST: 0.0.0.0
VOUCHSAFE_HTTP_PORT: "8080"
VOUCHSAFE_GRPC_PORT: "9090"
{{- with .Values.tracing.endpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
OTEL_TRACES_SAMPLER_ARG: {{ $.Values.tracing.sampleRatio | quote }}
{{- end }}
{{- if eq .Values.form "distributed" }}
VOUCHSAFE_KAFKA_BROKERS: {{ join "," .Values.kafka.brokers | quote }}
VOUCHSAFE_KAFKA_TLS: {{ .Values.kafka.tls | quote }}
{{- range $service, $_ := .Values.services }}
{{- if ne $service "gateway" }}
VOUCHSAFE_RPC_{{ upper $service }}: {{ printf "dns:///%s-%s.%s.svc:9090" (include "vouchsafe.fullname" $) $service $.Release.Namespace | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.env }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* Where a service's secrets lie, as variables that name files. Takes {root, component, vault, gateway}. */}}
{{- define "vouchsafe.secretEnv" -}}
- { name: VOUCHSAFE_KAFKA_CREDENTIALS, value: /etc/vouchsafe/kafka }
- { name: VOUCHSAFE_EVENTSTORE_URL_FILE, value: /etc/vouchsafe/event-store/url }
- { name: VOUCHSAFE_MONGO_URL_FILE, value: /etc/vouchsafe/mongo/url }
- { name: VOUCHSAFE_RPC_CA, value: /etc/vouchsafe/rpc/ca.crt }
- { name: VOUCHSAFE_RPC_CERT, value: /etc/vouchsafe/rpc/tls.crt }
- { name: VOUCHSAFE_RPC_KEY, value: /etc/vouchsafe/rpc/tls.key }
- { name: VOUCHSAFE_SIGNING_KEY, value: /etc/vouchsafe/signing/signing.pem }
- { name: VOUCHSAFE_TRUSTED_KEYS, value: /etc/vouchsafe/trusted/trusted.json }
{{- if .vault }}
- { name: VOUCHSAFE_KEYS, value: /etc/vouchsafe/vault }
{{- end }}
{{- if .gateway }}
- { name: VOUCHSAFE_TLS_CERT, value: /etc/vouchsafe/tls/tls.crt }
- { name: VOUCHSAFE_TLS_KEY, value: /etc/vouchsafe/tls/tls.key }
{{- end }}
{{- end -}}

{{- define "vouchsafe.secretMounts" -}}
- { name: kafka, mountPath: /etc/vouchsafe/kafka, readOnly: true }
- { name: event-store, mountPath: /etc/vouchsafe/event-store, readOnly: true }
- { name: mongo, mountPath: /etc/vouchsafe/mongo, readOnly: true }
- { name: rpc, mountPath: /etc/vouchsafe/rpc, readOnly: true }
- { name: signing, mountPath: /etc/vouchsafe/signing, readOnly: true }
- { name: trusted, mountPath: /etc/vouchsafe/trusted, readOnly: true }
{{- if .vault }}
- { name: vault, mountPath: /etc/vouchsafe/vault, readOnly: true }
{{- end }}
{{- if .gateway }}
- { name: tls, mountPath: /etc/vouchsafe/tls, readOnly: true }
{{- end }}
{{- end -}}

{{- define "vouchsafe.secretVolumes" -}}
- { name: kafka, secret: { secretName: {{ .root.Values.kafka.secretName }}-{{ .component }}, defaultMode: 0440 } }
- { name: event-store, secret: { secretName: {{ .root.Values.eventStore.secretName }}-{{ .component }}, defaultMode: 0440 } }
- { name: mongo, secret: { secretName: {{ .root.Values.mongo.secretName }}-{{ .component }}, defaultMode: 0440 } }
- { name: rpc, secret: { secretName: {{ .root.Values.rpc.tlsSecretName }}-{{ .component }}, defaultMode: 0440 } }
- { name: signing, secret: { secretName: {{ .root.Values.keys.signingSecretName }}-{{ .component }}, defaultMode: 0440 } }
- { name: trusted, secret: { secretName: {{ .root.Values.keys.trustedSecretName }}, defaultMode: 0444 } }
{{- if .vault }}
- { name: vault, secret: { secretName: {{ .root.Values.vault.secretName }}, defaultMode: 0440 } }
{{- end }}
{{- if .gateway }}
- { name: tls, secret: { secretName: {{ .root.Values.tls.secretName }}, defaultMode: 0440 } }
{{- end }}
{{- end -}}
