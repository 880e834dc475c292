<?php
/*
 * Opens the images of the examination the practice software exported as a GDT file. Included by one
 * line of Medical Office, see docs/praxis/ais/medical-office.md:
 *
 *   $exportdatei   the file; without it, the setting in gdtbridge-ais.ini
 */

require_once dirname(__FILE__) . '/gdtbridge-ais.php';

call_user_func(function ($file) {
    try {
        $bridge = new GdtbridgeAis();
        $answer = json_decode($bridge->post(
            '/api/v1/studies/search',
            'application/octet-stream',
            $bridge->exported($file)
        ), true);
        if (!isset($answer['studies']) || !is_array($answer['studies'])) {
            throw new GdtbridgeProblem('Unter der Adresse in gdtbridge-ais.ini antwortet etwas anderes.');
        }
        $count = count($answer['studies']);
        if ($count !== 1) {
            throw new GdtbridgeProblem($count === 0
                ? 'Keine passende Untersuchung gefunden.'
                : $count . ' Untersuchungen passen; bitte im Viewer suchen.');
        }
        $study = reset($answer['studies']);
        $bridge->open(isset($study['viewer_url']) ? $study['viewer_url'] : null);
    } catch (GdtbridgeProblem $problem) {
        GdtbridgeAis::tell('Die Bilder wurden nicht geöffnet. ' . $problem->getMessage());
    }
}, isset($exportdatei) ? $exportdatei : '');
