package mockmodel

// What Azure's content filter says of texts in which it finds nothing: Azure's
// REST reference, contentFilterPromptResults and contentFilterChoiceResults.
const (
	azureSafe       = `{"hate":{"filtered":false,"severity":"safe"},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}}`
	azureSafePrompt = `{"hate":{"filtered":false,"severity":"safe"},"jailbreak":{"filtered":false,"detected":false},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}}`
	azurePrompt     = `"prompt_filter_results":[{"prompt_index":0,"content_filter_results":` + azureSafePrompt + `}]`
	// azureFirst is the first chunk, which speaks of the prompt alone: see
	// chatgpt-shell #155.
	azureFirst = `data: {"choices":[],"created":0,"id":"","model":"","object":"",` + azurePrompt + "}\n\n"
)

// filtered appends what the content filter says of a choice, or of a piece of
// one; nothing where the answer is not Azure's.
func (f *openAIChat) filtered(dst []byte, text bool) []byte {
	switch {
	case !f.azure:
		return dst
	case text:
		return append(dst, `,"content_filter_results":`+azureSafe...)
	}
	return append(dst, `,"content_filter_results":{}`...)
}

// judged appends what the content filter says of a choice that has ended.
func (f *openAIChat) judged(dst []byte, a *answer, choice int, text bool) []byte {
	if f.azure && a.ended(choice) == stopFiltered {
		return append(dst, `,"content_filter_results":`+azureViolent...)
	}
	return f.filtered(dst, text)
}
