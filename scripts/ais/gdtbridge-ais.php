<?php
/*
 * What worklist.php and open-study.php share: settings, text, HTTP, and the window on the screen.
 *
 * Runs in PHP 5.3 and later without extensions, also inside Medical Office. So nothing here prints
 * (Medical Office may take printed text for a program to start), exits, or is declared twice.
 * Problems are told by GdtbridgeAis::tell(); no patient data goes to the log.
 */

if (!class_exists('GdtbridgeAis', false)) {

class GdtbridgeProblem extends Exception
{
}

class GdtbridgeAis
{
    const MAX_ANSWER = 1048576;
    const MAX_FILE = 1048576;
    /* What a viewer's address may be made of: nothing a command line could take for its own. */
    const VIEWER = '"^(?:https?|weasis)://[A-Za-z0-9._~:/?#\[\]@!$\'()*+,;=%&-]{1,8000}$"D';

    private $folder;
    private $settings;

    /** Reads gdtbridge-ais.ini, by default the one beside this file. */
    public function __construct($folder = null)
    {
        $this->folder = $folder === null ? dirname(__FILE__) : $folder;
        $this->settings = array('hoechstalter' => '5', 'wartezeit' => '10');
        $lines = @file($this->folder . '/gdtbridge-ais.ini');
        if ($lines === false) {
            throw new GdtbridgeProblem('Die Datei gdtbridge-ais.ini fehlt im Ordner der Skripte.');
        }
        foreach ($lines as $line) {
            if (preg_match('/^(?:\xEF\xBB\xBF)?\s*([a-z]+)\s*=\s*(.*?)\s*$/', $line, $found)) {
                $this->settings[$found[1]] = $found[2];
            }
        }
    }

    /** Returns a setting, or the empty text. */
    public function setting($name)
    {
        return isset($this->settings[$name]) ? $this->settings[$name] : '';
    }

    /** Returns UTF-8: what is not UTF-8 is read as Windows-1252. */
    public static function utf8($text)
    {
        if (preg_match('//u', $text)) {
            return $text;
        }
        $high = array();
        for ($code = 0x80; $code < 0x100; $code++) {
            $high[chr($code)] = chr(0xC0 | $code >> 6) . chr(0x80 | $code & 0x3F);
        }
        $points = array(
            0x80 => 0x20AC, 0x82 => 0x201A, 0x83 => 0x0192, 0x84 => 0x201E, 0x85 => 0x2026,
            0x86 => 0x2020, 0x87 => 0x2021, 0x88 => 0x02C6, 0x89 => 0x2030, 0x8A => 0x0160,
            0x8B => 0x2039, 0x8C => 0x0152, 0x8E => 0x017D, 0x91 => 0x2018, 0x92 => 0x2019,
            0x93 => 0x201C, 0x94 => 0x201D, 0x95 => 0x2022, 0x96 => 0x2013, 0x97 => 0x2014,
            0x98 => 0x02DC, 0x99 => 0x2122, 0x9A => 0x0161, 0x9B => 0x203A, 0x9C => 0x0153,
            0x9E => 0x017E, 0x9F => 0x0178,
        );
        foreach ($points as $code => $point) {
            $high[chr($code)] = $point < 0x800
                ? chr(0xC0 | $point >> 6) . chr(0x80 | $point & 0x3F)
                : chr(0xE0 | $point >> 12) . chr(0x80 | $point >> 6 & 0x3F) . chr(0x80 | $point & 0x3F);
        }
        return strtr($text, $high);
    }

    /** Sends a POST and returns the answer's body; the password travels in the header. */
    public function post($path, $type, $content)
    {
        $base = rtrim($this->setting('adresse'), '/');
        if (!preg_match('~^https?://[A-Za-z0-9.\[\]:-]+(?:/[A-Za-z0-9./_-]*)?$~D', $base)) {
            throw new GdtbridgeProblem('In gdtbridge-ais.ini fehlt die Adresse von gdtbridge.');
        }
        $header = array('Content-Type: ' . $type, 'Connection: close');
        if ($this->setting('kennwort') !== '') {
            $header[] = 'Authorization: Bearer ' . $this->setting('kennwort');
        }
        $trusted = array('verify_peer' => true);
        if ($this->setting('zertifikat') !== '') {
            $trusted['cafile'] = $this->file($this->setting('zertifikat'));
        }
        $context = stream_context_create(array('ssl' => $trusted, 'http' => array(
            'method' => 'POST',
            'header' => implode("\r\n", $header),
            'content' => $content,
            'timeout' => max(1, (float) $this->setting('wartezeit')),
            'follow_location' => 0,
            'ignore_errors' => true,
        )));
        $stream = @fopen($base . $path, 'r', false, $context);
        $answer = $stream ? stream_get_contents($stream, self::MAX_ANSWER) : false;
        $about = $stream ? stream_get_meta_data($stream) : array('timed_out' => true);
        if ($answer === false || $about['timed_out'] || !isset($about['wrapper_data'][0])) {
            $doubt = strncmp($base, 'https:', 6) === 0
                ? ' Wird seinem Zertifikat geglaubt (zertifikat in gdtbridge-ais.ini)?' : '';
            throw new GdtbridgeProblem('gdtbridge antwortet nicht. Ist der Rechner eingeschaltet?' . $doubt);
        }
        fclose($stream);
        $status = $about['wrapper_data'][0];
        if (!preg_match('~^HTTP/\S+ 200(?: |$)~', $status)) {
            throw new GdtbridgeProblem(self::reason($status, $answer));
        }
        return $answer;
    }

    /** Returns the path of a file that is named with its folder, or lies beside the settings. */
    private function file($name)
    {
        return preg_match('~^(?:[A-Za-z]:|[/\\\\])~', $name) ? $name : $this->folder . '/' . $name;
    }

    /** Returns what a refusal means, in German. */
    private static function reason($status, $answer)
    {
        if (preg_match('~^error: ([^\r\n]+)~', $answer, $found)) {
            return 'gdtbridge hat abgelehnt: ' . $found[1];
        }
        preg_match('~^HTTP/\S+ (\d+)~', $status, $found);
        $code = isset($found[1]) ? $found[1] : '?';
        $known = array(
            '300' => 'Mehrere Untersuchungen passen.',
            '401' => 'Das Kennwort in gdtbridge-ais.ini ist falsch oder fehlt.',
            '403' => 'Dieser Arbeitsplatz ist in gdtbridge nicht zugelassen.',
            '404' => 'Keine passende Untersuchung gefunden.',
            '409' => 'Die Nummer gehört zu einer anderen Person.',
            '429' => 'Zu viele falsche Kennworte; eine Minute warten.',
        );
        return isset($known[$code]) ? $known[$code] : 'gdtbridge meldet einen Fehler (' . $code . ').';
    }

    /** Returns the bytes of the GDT file; an old one may be the patient's before. */
    public function exported($file)
    {
        $file = $file === '' ? $this->setting('exportdatei') : $file;
        clearstatcache();
        $data = is_file($file) ? @file_get_contents($file, false, null, 0, self::MAX_FILE + 1) : false;
        if ($data === false || !preg_match('/^\d{3}8000/', $data) || strlen($data) > self::MAX_FILE) {
            throw new GdtbridgeProblem('Die GDT-Datei der Praxissoftware fehlt oder ist keine.');
        }
        $limit = (float) $this->setting('hoechstalter') * 60;
        if ($limit > 0 && time() - filemtime($file) > $limit) {
            throw new GdtbridgeProblem('Die GDT-Datei ist alt und vielleicht von einem anderen Patienten.');
        }
        return $data;
    }

    /** Starts the viewer. The address is no part of a command: the helper reads the variable. */
    public function open($url)
    {
        if (!is_string($url) || !preg_match(self::VIEWER, $url)) {
            throw new GdtbridgeProblem('gdtbridge hat keine brauchbare Adresse des Viewers genannt.');
        }
        $this->start('GDTAIS_ADRESSE', $url);
    }

    /** Shows a problem on the screen and notes it in gdtbridge-ais.log. */
    public static function tell($message, $folder = null)
    {
        $folder = $folder === null ? dirname(__FILE__) : $folder;
        $log = $folder . '/gdtbridge-ais.log';
        if (!is_file($log) || filesize($log) < 1000000) {
            @file_put_contents($log, date('d.m.Y H:i:s ') . $message . "\r\n", FILE_APPEND);
        }
        self::start('GDTAIS_MELDUNG', $message);
    }

    /* Programs below Medical Office's own folder are the only ones its PHP may start. */
    private static function start($variable, $text)
    {
        if (PHP_OS === 'WINNT' && PHP_VERSION_ID < 70100) {
            $text = utf8_decode($text);
        }
        putenv($variable . '=' . preg_replace('/[\x00-\x1F"]+/', ' ', $text));
        @exec(PHP_OS === 'WINNT' ? 'gdtbridge-fenster.cmd' : './gdtbridge-fenster.sh');
        putenv($variable);
    }
}

}
