<?php
/*
 * Puts a patient on the worklist. Included by one line of Medical Office, see docs/praxis/ais/medical-office.md:
 *
 *   $patient       number|sex|birth date|last name|first name|doctor's last name|doctor's first name
 *   $untersuchung  what is to be done
 *   $geraet        AE title of the device; empty: the bridge's default
 *
 * The line captures $patient as printed text, so a name never becomes a part of a program.
 */

require_once dirname(__FILE__) . '/gdtbridge-ais.php';

call_user_func(function ($patient, $procedure, $station) {
    try {
        $bridge = new GdtbridgeAis();
        $parts = array_map('trim', explode('|', GdtbridgeAis::utf8($patient)));
        if (count($parts) !== 7 || $parts[0] === '' || strpos($patient, '{') !== false) {
            throw new GdtbridgeProblem('Die Patientendaten in der Zeile des Auftrags passen nicht.');
        }
        $form = array(
            'id' => $parts[0],
            'sex' => $parts[1],
            'birthdate' => $parts[2],
            'lastname' => $parts[3],
            'firstname' => $parts[4],
            'physician' => trim($parts[5] . '^' . $parts[6], '^'),
            'procedure' => GdtbridgeAis::utf8($procedure),
            'scheduledStation' => $station,
        );
        $answer = $bridge->post(
            '/worklist/add',
            'application/x-www-form-urlencoded',
            http_build_query(array_filter($form, 'strlen') + array('firstname' => ''), '', '&')
        );
        if (!preg_match('/^\d{3}8000/', $answer)) {
            throw new GdtbridgeProblem('Unter der Adresse in gdtbridge-ais.ini antwortet etwas anderes.');
        }
    } catch (GdtbridgeProblem $problem) {
        GdtbridgeAis::tell('Der Auftrag ist NICHT bestätigt. ' . $problem->getMessage());
    }
}, isset($patient) ? $patient : '', isset($untersuchung) ? $untersuchung : '', isset($geraet) ? $geraet : '');
